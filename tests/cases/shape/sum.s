    stw [r10-8], 0
    lddw r1, map_fd(0)
    mov r2, r10
    add r2, -8
    call 1
    mov r1, 0
    jeq r0, 0, L9
    ldxdw r1, [r0]
L9:
    and r1, 255
    mov r0, 0
    mov r6, 0
L12:
    jsge r0, r1, L16
    add r6, r0
    add r0, 1
    ja L12
L16:
    lddw r1, map_fd(0)
    mov r2, r10
    add r2, -8
    call 1
    jeq r0, 0, L23
    stxdw [r0], r6
L23:
    mov r0, 0
    exit
