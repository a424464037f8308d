# run: name(given=[3]) -> value=4
# run: name(given=[299]) -> value=300
# run: name(given=[777]) -> value=0
from kring import Array, syscall, u32

given = Array[u32](1)


@syscall
def name() -> int:
    n = given[0]
    if n == 0:
        return 1
    elif n == 1:
        return 2
    elif n == 2:
        return 3
    elif n == 3:
        return 4
    elif n == 4:
        return 5
    elif n == 5:
        return 6
    elif n == 6:
        return 7
    elif n == 7:
        return 8
    elif n == 8:
        return 9
    elif n == 9:
        return 10
    elif n == 10:
        return 11
    elif n == 11:
        return 12
    elif n == 12:
        return 13
    elif n == 13:
        return 14
    elif n == 14:
        return 15
    elif n == 15:
        return 16
    elif n == 16:
        return 17
    elif n == 17:
        return 18
    elif n == 18:
        return 19
    elif n == 19:
        return 20
    elif n == 20:
        return 21
    elif n == 21:
        return 22
    elif n == 22:
        return 23
    elif n == 23:
        return 24
    elif n == 24:
        return 25
    elif n == 25:
        return 26
    elif n == 26:
        return 27
    elif n == 27:
        return 28
    elif n == 28:
        return 29
    elif n == 29:
        return 30
    elif n == 30:
        return 31
    elif n == 31:
        return 32
    elif n == 32:
        return 33
    elif n == 33:
        return 34
    elif n == 34:
        return 35
    elif n == 35:
        return 36
    elif n == 36:
        return 37
    elif n == 37:
        return 38
    elif n == 38:
        return 39
    elif n == 39:
        return 40
    elif n == 40:
        return 41
    elif n == 41:
        return 42
    elif n == 42:
        return 43
    elif n == 43:
        return 44
    elif n == 44:
        return 45
    elif n == 45:
        return 46
    elif n == 46:
        return 47
    elif n == 47:
        return 48
    elif n == 48:
        return 49
    elif n == 49:
        return 50
    elif n == 50:
        return 51
    elif n == 51:
        return 52
    elif n == 52:
        return 53
    elif n == 53:
        return 54
    elif n == 54:
        return 55
    elif n == 55:
        return 56
    elif n == 56:
        return 57
    elif n == 57:
        return 58
    elif n == 58:
        return 59
    elif n == 59:
        return 60
    elif n == 60:
        return 61
    elif n == 61:
        return 62
    elif n == 62:
        return 63
    elif n == 63:
        return 64
    elif n == 64:
        return 65
    elif n == 65:
        return 66
    elif n == 66:
        return 67
    elif n == 67:
        return 68
    elif n == 68:
        return 69
    elif n == 69:
        return 70
    elif n == 70:
        return 71
    elif n == 71:
        return 72
    elif n == 72:
        return 73
    elif n == 73:
        return 74
    elif n == 74:
        return 75
    elif n == 75:
        return 76
    elif n == 76:
        return 77
    elif n == 77:
        return 78
    elif n == 78:
        return 79
    elif n == 79:
        return 80
    elif n == 80:
        return 81
    elif n == 81:
        return 82
    elif n == 82:
        return 83
    elif n == 83:
        return 84
    elif n == 84:
        return 85
    elif n == 85:
        return 86
    elif n == 86:
        return 87
    elif n == 87:
        return 88
    elif n == 88:
        return 89
    elif n == 89:
        return 90
    elif n == 90:
        return 91
    elif n == 91:
        return 92
    elif n == 92:
        return 93
    elif n == 93:
        return 94
    elif n == 94:
        return 95
    elif n == 95:
        return 96
    elif n == 96:
        return 97
    elif n == 97:
        return 98
    elif n == 98:
        return 99
    elif n == 99:
        return 100
    elif n == 100:
        return 101
    elif n == 101:
        return 102
    elif n == 102:
        return 103
    elif n == 103:
        return 104
    elif n == 104:
        return 105
    elif n == 105:
        return 106
    elif n == 106:
        return 107
    elif n == 107:
        return 108
    elif n == 108:
        return 109
    elif n == 109:
        return 110
    elif n == 110:
        return 111
    elif n == 111:
        return 112
    elif n == 112:
        return 113
    elif n == 113:
        return 114
    elif n == 114:
        return 115
    elif n == 115:
        return 116
    elif n == 116:
        return 117
    elif n == 117:
        return 118
    elif n == 118:
        return 119
    elif n == 119:
        return 120
    elif n == 120:
        return 121
    elif n == 121:
        return 122
    elif n == 122:
        return 123
    elif n == 123:
        return 124
    elif n == 124:
        return 125
    elif n == 125:
        return 126
    elif n == 126:
        return 127
    elif n == 127:
        return 128
    elif n == 128:
        return 129
    elif n == 129:
        return 130
    elif n == 130:
        return 131
    elif n == 131:
        return 132
    elif n == 132:
        return 133
    elif n == 133:
        return 134
    elif n == 134:
        return 135
    elif n == 135:
        return 136
    elif n == 136:
        return 137
    elif n == 137:
        return 138
    elif n == 138:
        return 139
    elif n == 139:
        return 140
    elif n == 140:
        return 141
    elif n == 141:
        return 142
    elif n == 142:
        return 143
    elif n == 143:
        return 144
    elif n == 144:
        return 145
    elif n == 145:
        return 146
    elif n == 146:
        return 147
    elif n == 147:
        return 148
    elif n == 148:
        return 149
    elif n == 149:
        return 150
    elif n == 150:
        return 151
    elif n == 151:
        return 152
    elif n == 152:
        return 153
    elif n == 153:
        return 154
    elif n == 154:
        return 155
    elif n == 155:
        return 156
    elif n == 156:
        return 157
    elif n == 157:
        return 158
    elif n == 158:
        return 159
    elif n == 159:
        return 160
    elif n == 160:
        return 161
    elif n == 161:
        return 162
    elif n == 162:
        return 163
    elif n == 163:
        return 164
    elif n == 164:
        return 165
    elif n == 165:
        return 166
    elif n == 166:
        return 167
    elif n == 167:
        return 168
    elif n == 168:
        return 169
    elif n == 169:
        return 170
    elif n == 170:
        return 171
    elif n == 171:
        return 172
    elif n == 172:
        return 173
    elif n == 173:
        return 174
    elif n == 174:
        return 175
    elif n == 175:
        return 176
    elif n == 176:
        return 177
    elif n == 177:
        return 178
    elif n == 178:
        return 179
    elif n == 179:
        return 180
    elif n == 180:
        return 181
    elif n == 181:
        return 182
    elif n == 182:
        return 183
    elif n == 183:
        return 184
    elif n == 184:
        return 185
    elif n == 185:
        return 186
    elif n == 186:
        return 187
    elif n == 187:
        return 188
    elif n == 188:
        return 189
    elif n == 189:
        return 190
    elif n == 190:
        return 191
    elif n == 191:
        return 192
    elif n == 192:
        return 193
    elif n == 193:
        return 194
    elif n == 194:
        return 195
    elif n == 195:
        return 196
    elif n == 196:
        return 197
    elif n == 197:
        return 198
    elif n == 198:
        return 199
    elif n == 199:
        return 200
    elif n == 200:
        return 201
    elif n == 201:
        return 202
    elif n == 202:
        return 203
    elif n == 203:
        return 204
    elif n == 204:
        return 205
    elif n == 205:
        return 206
    elif n == 206:
        return 207
    elif n == 207:
        return 208
    elif n == 208:
        return 209
    elif n == 209:
        return 210
    elif n == 210:
        return 211
    elif n == 211:
        return 212
    elif n == 212:
        return 213
    elif n == 213:
        return 214
    elif n == 214:
        return 215
    elif n == 215:
        return 216
    elif n == 216:
        return 217
    elif n == 217:
        return 218
    elif n == 218:
        return 219
    elif n == 219:
        return 220
    elif n == 220:
        return 221
    elif n == 221:
        return 222
    elif n == 222:
        return 223
    elif n == 223:
        return 224
    elif n == 224:
        return 225
    elif n == 225:
        return 226
    elif n == 226:
        return 227
    elif n == 227:
        return 228
    elif n == 228:
        return 229
    elif n == 229:
        return 230
    elif n == 230:
        return 231
    elif n == 231:
        return 232
    elif n == 232:
        return 233
    elif n == 233:
        return 234
    elif n == 234:
        return 235
    elif n == 235:
        return 236
    elif n == 236:
        return 237
    elif n == 237:
        return 238
    elif n == 238:
        return 239
    elif n == 239:
        return 240
    elif n == 240:
        return 241
    elif n == 241:
        return 242
    elif n == 242:
        return 243
    elif n == 243:
        return 244
    elif n == 244:
        return 245
    elif n == 245:
        return 246
    elif n == 246:
        return 247
    elif n == 247:
        return 248
    elif n == 248:
        return 249
    elif n == 249:
        return 250
    elif n == 250:
        return 251
    elif n == 251:
        return 252
    elif n == 252:
        return 253
    elif n == 253:
        return 254
    elif n == 254:
        return 255
    elif n == 255:
        return 256
    elif n == 256:
        return 257
    elif n == 257:
        return 258
    elif n == 258:
        return 259
    elif n == 259:
        return 260
    elif n == 260:
        return 261
    elif n == 261:
        return 262
    elif n == 262:
        return 263
    elif n == 263:
        return 264
    elif n == 264:
        return 265
    elif n == 265:
        return 266
    elif n == 266:
        return 267
    elif n == 267:
        return 268
    elif n == 268:
        return 269
    elif n == 269:
        return 270
    elif n == 270:
        return 271
    elif n == 271:
        return 272
    elif n == 272:
        return 273
    elif n == 273:
        return 274
    elif n == 274:
        return 275
    elif n == 275:
        return 276
    elif n == 276:
        return 277
    elif n == 277:
        return 278
    elif n == 278:
        return 279
    elif n == 279:
        return 280
    elif n == 280:
        return 281
    elif n == 281:
        return 282
    elif n == 282:
        return 283
    elif n == 283:
        return 284
    elif n == 284:
        return 285
    elif n == 285:
        return 286
    elif n == 286:
        return 287
    elif n == 287:
        return 288
    elif n == 288:
        return 289
    elif n == 289:
        return 290
    elif n == 290:
        return 291
    elif n == 291:
        return 292
    elif n == 292:
        return 293
    elif n == 293:
        return 294
    elif n == 294:
        return 295
    elif n == 295:
        return 296
    elif n == 296:
        return 297
    elif n == 297:
        return 298
    elif n == 298:
        return 299
    elif n == 299:
        return 300
    else:
        return 0
