// The Ethernet header. The one of <linux/if_ether.h> is packed: clang reads its type byte by byte.

struct ether {
	__u8 dst[6];
	__u8 src[6];
	__be16 proto;
};
