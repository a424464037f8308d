    mov r7, r1
    call 158
    ldxdw r0, [r0]
    ldxw r0, [r0+8]
    jne r0, 1, L28
    lddw r1, map_fd(0)
    mov r2, 88
    mov r3, 0
    call 131
    mov r6, r0
    jeq r6, 0, L30
    ldxw r0, [r7]
    stxw [r6], r0
    stw [r6+4], 1
    mov r1, r6
    add r1, 8
    mov r2, 16
    call 16
    mov r1, r6
    add r1, 24
    ldxh r3, [r7+4]
    add r3, r7
    mov r2, 64
    call 115
    mov r1, r6
    mov r2, 0
    call 132
L28:
    mov r0, 0
    exit
L30:
    stw [r10-8], 0
    lddw r1, map_fd(0)
    mov r2, r10
    add r2, -8
    call 1
    jeq r0, 0, L28
    mov r1, 1
    lock add [r0], r1
    ja L28
