    mov r6, r1
    lddw r1, map_fd(0)
    mov r2, 536
    mov r3, 0
    call 131
    mov r7, r0
    jne r7, 0, L19
    stw [r10-8], 0
    lddw r1, map_fd(0)
    mov r2, r10
    add r2, -8
    call 1
    jeq r0, 0, L17
    mov r1, 1
    lock add [r0], r1
L17:
    mov r0, 0
    exit
L19:
    call 14
    rsh r0, 32
    stxw [r7], r0
    call 158
    ldxdw r0, [r0]
    ldxw r0, [r0]
    stxw [r7+4], r0
    mov r1, r7
    add r1, 8
    mov r2, 16
    call 16
    ldxh r3, [r6]
    add r3, r6
    mov r1, r7
    add r1, 24
    mov r2, 512
    call 115
    mov r1, r7
    mov r2, 0
    call 132
    ja L17
