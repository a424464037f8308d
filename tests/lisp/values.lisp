;; Forms and their values, as Common Lisp has them: `form => value`, or `!!` for a failure.
;; numbers
(+ 1 2 3) => 6
(list (+) (*) (- 5) (- 10 1 2) (/ 12 2 3)) => (0 1 -5 7 2)
(list (mod -7 2) (rem -7 2) (mod 7 -2) (rem 7 -2)) => (1 -1 -1 1)
(multiple-value-list (floor -7 2)) => (-4 1)
(multiple-value-list (truncate -7 2)) => (-3 -1)
(multiple-value-list (ceiling 7 2)) => (4 -1)
(list (round 5 2) (round 7 2) (round -5 2) (round 7 3)) => (2 4 -2 2)
(list (ash 1 10) (ash 1024 -3) (ash -1 -5)) => (1024 128 -1)
(list (logand 12 10) (logior 12 10) (logxor 12 10) (lognot 5) (logand)) => (8 14 6 -6 -1)
(list (expt 2 100) (expt 0 0) (expt -2 3)) => (1267650600228229401496703205376 1 -8)
(list (gcd 12 18) (lcm 4 6) (isqrt 17) (integer-length 255) (logcount 255)) => (6 12 4 8 8)
(list (min 3 1 2) (max 3 1 2) (abs -5) (signum -7) (1+ 5) (1- 5)) => (1 3 5 -1 6 4)
(list (= 1 1 1) (/= 1 2 1) (< 1 2 3) (<= 1 1 2) (> 3 2 2) (>= 3 2 2)) => (t nil t t nil t)
(list (zerop 0) (plusp -1) (minusp -1) (evenp 4) (oddp 4)) => (t nil t t nil)
(list (logbitp 3 8) (logtest 3 4) (numberp 'a) (integerp 3)) => (t nil nil t)
(list #xff #b101 #o17 -5) => (255 5 15 -5)
(/ 1 0) => !!
(car 5) => !!
;; lists
(list (car nil) (cdr nil) (car '(1 . 2)) (cdr '(1 . 2))) => (nil nil 1 2)
(list (cadr '(1 2 3)) (cddr '(1 2 3)) (caar '((1))) (caddr '(1 2 3)) (cadddr '(1 2 3 4))) => (2 (3) 1 3 4)
(list (first '(1 2)) (second '(1 2)) (third '(1 2)) (rest '(1 2)) (fifth '(1 2 3 4 5))) => (1 2 nil (2) 5)
(list (nth 1 '(a b c)) (nthcdr 2 '(a b c)) (nth 9 '(a)) (last '(1 2 3)) (last '(1 2 3) 2)) => (b (c) nil (3) (2 3))
(list (butlast '(1 2 3)) (butlast '(1 2 3) 2) (list* 1 2 '(3)) (cons 1 2)) => ((1 2) (1) (1 2 3) (1 . 2))
(list (append '(1) '(2 3) nil '(4)) (append) (append '(1) 2) (reverse '(1 2 3))) => ((1 2 3 4) nil (1 . 2) (3 2 1))
(list (length '(1 2 3)) (length "abcd") (length nil)) => (3 4 0)
(list (member 2 '(1 2 3)) (member "b" '("a" "b") :test #'string=) (member 2 '((1) (2)) :key #'car)) => ((2 3) ("b") ((2)))
(list (assoc 'b '((a . 1) (b . 2))) (rassoc 2 '((a . 1) (b . 2))) (assoc "x" '(("x" . 1)) :test #'equal)) => ((b . 2) (b . 2) ("x" . 1))
(list (getf '(:a 1 :b 2) :b) (getf '(:a 1) :c 9)) => (2 9)
(list (find 3 '(1 3 5)) (find-if #'evenp '(1 4 5)) (find 9 '(1)) (find 2 '((1) (2)) :key #'car)) => (3 4 nil (2))
(list (position 3 '(1 3 5 3)) (position 3 '(1 3 5 3) :from-end t) (position-if #'oddp '(2 4 5)) (position #\b "abc")) => (1 3 2 1)
(list (remove 1 '(1 2 1 3)) (remove-if #'oddp '(1 2 3 4)) (remove-if-not #'oddp '(1 2 3)) (remove 1 '(1 1 2) :count 1)) => ((2 3) (2 4) (1 3) (1 2))
(list (count 1 '(1 2 1)) (count-if #'evenp '(1 2 4)) (count #\a "banana")) => (2 2 3)
(list (mapcar #'+ '(1 2 3) '(10 20)) (mapcar (lambda (x) (* x x)) '(1 2 3))) => ((11 22) (1 4 9))
(list (mapcan (lambda (x) (list x x)) '(1 2)) (maplist #'length '(a b c)) (mapc #'car '((1)))) => ((1 1 2 2) (3 2 1) ((1)))
(list (reduce #'+ '(1 2 3)) (reduce #'- '(1 2 3) :from-end t) (reduce #'+ nil) (reduce #'cons '(1 2) :initial-value 0)) => (6 2 0 ((0 . 1) . 2))
(list (some #'evenp '(1 2)) (every #'evenp '(2 4)) (notany #'evenp '(1)) (notevery #'evenp '(1)) (every #'= '(1 2) '(1 2))) => (t t t t t)
(list (sort (list 3 1 2) #'<) (sort (list "b" "a") #'string<) (sort (list '(2 a) '(1 b)) #'< :key #'car)) => ((1 2 3) ("a" "b") ((1 b) (2 a)))
(list (subseq '(1 2 3 4) 1 3) (subseq "hello" 2) (elt '(a b) 1) (elt "ab" 1)) => ((2 3) "llo" b #\b)
(list (remove-duplicates '(1 2 1 3)) (union '(1) '(1)) (intersection '(1 2) '(2 3)) (set-difference '(1 2) '(2))) => ((2 1 3) (1) (2) (1))
(list (consp '(1)) (consp nil) (atom 1) (listp nil) (null nil) (not 1) (symbolp 'a) (symbolp nil) (keywordp :a)) => (t nil t t t nil t t t)
(list (eq 'a 'a) (eql 1 1) (equal '(1 (2 "x")) '(1 (2 "x"))) (equal "a" "A") (equalp "a" "A")) => (t t t nil t)
(list (apply #'+ 1 2 '(3)) (funcall #'list 1 2) (funcall (lambda (&optional (x 5)) x)) (apply 'max '(1 5 2))) => (6 (1 2) 5 5)
(list (acons 1 2 nil) (pairlis '(a) '(1)) (adjoin 1 '(1 2)) (adjoin 3 '(1 2))) => (((1 . 2)) ((a . 1)) (1 2) (3 1 2))
(list (substitute 9 1 '(1 2 1)) (search "lo" "hello") (search '(2 3) '(1 2 3)) (mismatch "abc" "abd")) => ((9 2 9) 3 1 2)
(list (make-list 2 :initial-element 0) (copy-list '(1 2)) (identity 5) (funcall (complement #'evenp) 3)) => ((0 0) (1 2) 5 t)
(list (concatenate 'string "ab" "cd") (concatenate 'list '(1) '(2)) (coerce "ab" 'list) (map 'list #'1+ '(1 2))) => ("abcd" (1 2) (#\a #\b) (2 3))
(nth -1 '(1)) => !!
(length 5) => !!
(elt '(1 2) 5) => !!
;; control
(list (if nil 1) (if 0 1 2) (when t 1 2) (unless t 1) (unless nil 1 2)) => (nil 1 2 nil 2)
(list (cond (nil 1) (2)) (cond ((= 1 2) 1) (t 5)) (cond)) => (2 5 nil)
(list (case 'b (a 1) ((b c) 2)) (case 5 (t 9)) (case 'x (y 1)) (case nil (nil 1) (t 2)) (case 'k (otherwise 3))) => (2 9 nil 2 3)
(list (and) (or) (and 1 2) (and nil 2) (or nil 3) (not nil)) => (t nil 2 nil 3 t)
(ecase 5 (1 2)) => !!
(let ((x 1) (y 2)) (let ((x y) (y x)) (list x y))) => (2 1)
(let* ((x 1) (y (+ x 1)) z) (list x y z)) => (1 2 nil)
(let ((x 1)) (setq x 5) (setf x (+ x 1)) x) => 6
(list (prog1 1 2 3) (prog2 1 2 3) (progn 1 2 3) (progn)) => (1 2 3 nil)
(list (block a (return-from a 1) 2) (block nil (return 3)) (block b 4)) => (1 3 4)
(let ((s 0)) (dolist (x '(1 2 3) s) (incf s x))) => 6
(let ((s nil)) (dotimes (i 3 (list s i)) (push i s))) => ((2 1 0) 3)
(dolist (x '(1 2 3)) (when (= x 2) (return (* x 100)))) => 200
(do ((i 0 (1+ i)) (acc nil (cons i acc))) ((= i 3) acc)) => (2 1 0)
(do* ((i 0 (1+ i)) (j 0 (+ i j))) ((= i 3) j)) => 6
(list (multiple-value-bind (a b c) (values 1 2) (list a b c)) (nth-value-less 1)) => !!
(multiple-value-bind (a b c) (values 1 2) (list a b c)) => (1 2 nil)
(destructuring-bind (a (b &rest c) &optional (d 3) &key (e 5 e-p)) '(1 (2 3 4) 6) (list a b c d e e-p)) => (1 2 (3 4) 6 5 nil)
(destructuring-bind (a . b) '(1 2 3) (list a b)) => (1 (2 3))
(destructuring-bind (a b) '(1)) => !!
(labels ((ev (n) (if (= n 0) t (od (1- n)))) (od (n) (if (= n 0) nil (ev (1- n))))) (ev 10)) => t
(flet ((f (x) (* 2 x))) (mapcar #'f '(1 2))) => (2 4)
(macrolet ((twice (x) `(+ ,x ,x))) (twice 5)) => 10
(let ((fs (mapcar (lambda (n) (lambda (x) (+ x n))) '(1 10)))) (mapcar (lambda (f) (funcall f 5)) fs)) => (6 15)
(let ((n 0)) (flet ((next () (incf n))) (next) (next) (list n (next)))) => (2 3)
((lambda (x y) (list y x)) 1 2) => (2 1)
(funcall (lambda (a &optional b (c 3 c-p) &rest d) (list a b c c-p d)) 1) => (1 nil 3 nil nil)
(funcall (lambda (a &key (b 2) ((:see c) 4) &allow-other-keys) (list a b c)) 1 :see 5 :other 6) => (1 2 5)
(funcall (lambda (&rest r &key a) (list r a)) :a 1) => ((:a 1) 1)
(funcall (lambda (a &aux (b (* 2 a))) (list a b)) 4) => (4 8)
(funcall (lambda (a) a)) => !!
(funcall (lambda (&key a) a) :b 1) => !!
(let ((x 5)) (declare (ignorable x)) (the integer x)) => 5
(let ((x (list 1 2))) (list (pop x) x (push 0 x) (pushnew 0 x) (pushnew 7 x))) => (1 (2) (0 2) (0 2) (7 0 2))
(let ((a 1) (b 2)) (rotatef a b) (psetf a b b a) (list a b)) => (1 2)
(let ((p '(:a 1))) (setf (getf p :b) 2 (getf p :a) 3) (list p (getf p :b))) => ((:b 2 :a 3) 2)
(let ((h (make-hash-table :test 'equal))) (setf (gethash "a" h) 1) (incf (gethash "a" h)) (list (gethash "a" h) (gethash "b" h 9) (hash-table-count h))) => (2 9 1)
(let ((x 1)) (incf x 5) (decf x) x) => 5
(typecase 5 (string 1) (integer 2)) => 2
(list (typep 5 '(integer 0 10)) (typep 'a '(or null symbol)) (typep 300 '(unsigned-byte 8)) (typep "a" 'string)) => (t t nil t)
(handler-case (error "bad ~a" 5) (error (c) (format nil "~a" c))) => "bad 5"
(handler-case (+ 1 1) (error () 9)) => 2
(list (ignore-errors (error "x")) (ignore-errors 5)) => (nil 5)
(let ((x 0)) (list (unwind-protect 1 (incf x)) x)) => (1 1)
(error "stop") => !!
(assert (= 1 2)) => !!
(let ((x 5)) (check-type x integer) (assert (= x 5)) x) => 5
(let ((x 5)) (check-type x string)) => !!
(eval '(+ 1 2)) => 3
(eval (list 'let (list (list 'a 5)) (list '* 'a 'a))) => 25
(undefined-thing 1) => !!
undefined-variable => !!
;; loop
(loop for x in '(1 2 3) collect (* x x)) => (1 4 9)
(loop for i from 1 to 5 sum i) => 15
(loop for i below 3 for c across "abc" collect (list i c)) => ((0 #\a) (1 #\b) (2 #\c))
(loop for i from 10 downto 1 by 3 collect i) => (10 7 4 1)
(loop for x on '(1 2 3) collect x) => ((1 2 3) (2 3) (3))
(loop for (a b) on '(1 2 3 4) by #'cddr collect (+ a b)) => (3 7)
(loop for (a . b) in '((1 . 2) (3 4)) collect (list a b)) => ((1 2) (3 (4)))
(loop for x = 1 then (* 2 x) while (< x 20) collect x) => (1 2 4 8 16)
(loop for x = 5 repeat 2 collect x) => (5 5)
(loop repeat 3 collect 'a) => (a a a)
(loop for x in '(1 2 3 4) when (evenp x) collect x into e else collect x into o finally (return (list e o))) => ((2 4) (1 3))
(loop for x in '(3 1 2) maximize x) => 3
(loop for x in '(3 1 2) minimize x) => 1
(loop for x in '(1 nil 2) count x) => 2
(loop for x in '((1) (2 3)) append x) => (1 2 3)
(loop with a = 5 and b = 2 for i below b collect (+ a i)) => (5 6)
(loop for x in '(1 2 3) until (= x 3) do (identity x) finally (return 'done)) => done
(loop for x in '(1 2 3) thereis (and (> x 1) x)) => 2
(list (loop for x in '(1 2) always (> x 0)) (loop for x in '(1 2) never (> x 1))) => (t nil)
(let ((i 0)) (loop (incf i) (when (> i 5) (return i)))) => 6
(loop named outer for x in '(1 2) do (loop for y in '(3 4) do (return-from outer (list x y)))) => (1 3)
(loop for x in '(1 2 3) if (oddp x) collect x and collect 'odd end) => (1 odd 3 odd)
(loop for i from 0 below 10 by 4 collect i) => (0 4 8)
(loop for x in '(a b) for i from 0 collect (cons x i)) => ((a . 0) (b . 1))
(loop for x in '(1 2 1) unless (member x seen) collect x into seen finally (return seen)) => (1 2)
(loop for k being the hash-keys of (let ((h (make-hash-table))) (setf (gethash 1 h) 2) h) using (hash-value v) collect (list k v)) => ((1 2))
(loop while nil collect 1) => nil
(loop for x in '(1 2) sum x into s finally (return (* s 10))) => 30
(loop for x from 3 downto 0 when (= x 1) return 'one) => one
(loop for i upto 2 do (return)) => nil
(mapcar #'funcall (loop for i below 3 collect (let ((i i)) (lambda () i)))) => (0 1 2)
;; templates
(let ((x 1) (y '(2 3))) `(a ,x ,@y ,(+ x 1) . ,y)) => (a 1 2 3 2 2 3)
(let ((x 5)) `(a (b ,x) "s" ,@nil c)) => (a (b 5) "s" c)
(let ((x '(1 2))) `(,@x ,@x)) => (1 2 1 2)
(let ((x 1)) (eval `(let ((y ,x)) `(z ,y)))) => (z 1)
(let ((a 'x)) (eval (eval ``(list ',',a ,@'(1 2))))) => (x 1 2)
(let ((x '(1 2)) (y 3)) (eval `(let ((y 4)) (list `(,@',x ,y) ,y)))) => ((1 2 4) 3)
`(1 . 2) => (1 . 2)
(let ((name 'foo)) `(defun ,(intern (format nil "MAKE-~A" name)) () ',name)) => (defun make-foo () 'foo)
;; strings, symbols, characters
(list (string-upcase "aB") (string-downcase "aB") (string-capitalize "foo-bar") (string 'abc) (string #\a)) => ("AB" "ab" "Foo-Bar" "ABC" "a")
(list (symbol-name 'foo) (symbol-name :key) (intern "FOO")) => ("FOO" "KEY" foo)
(list (string= "a" "a") (string= 'a "A") (string-equal "a" "A") (if (string< "a" "b") t) (string< "b" "a")) => (t t t t nil)
(list (char "abc" 1) (char-code #\a) (code-char 66) (char-upcase #\a) (char= #\a #\a) (char< #\a #\b)) => (#\b 97 #\B #\A t t)
(list (parse-integer "42") (parse-integer "ff" :radix 16) (parse-integer "x" :junk-allowed t) (parse-integer "-7")) => (42 255 nil -7)
(list (string-trim " " "  a b ") (string-left-trim "x" "xxax") (string-right-trim '(#\x) "axx")) => ("a b" "ax" "a")
(list (stringp "a") (characterp #\a) (digit-char-p #\7) (alpha-char-p #\7) (upper-case-p #\A)) => (t t 7 nil t)
(list (reverse "abc") (remove #\a "banana") (subseq "hello" 1 3) (string "x")) => ("cba" "bnn" "el" "x")
(parse-integer "x1") => !!
(char "abc" 3) => !!
;; format
(format nil "~a ~s ~d" 'foo "bar" 42) => "FOO \"bar\" 42"
(format nil "~x ~b ~o ~8,'0x|~5d|~5,'0d|~:d|~@d" 255 5 8 48879 42 42 1234567 5) => "FF 101 10 0000BEEF|   42|00042|1,234,567|+5"
(format nil "~{~a~^, ~}" '(1 2 3)) => "1, 2, 3"
(format nil "~{~a=~a~^;~}" '(a 1 b 2)) => "A=1;B=2"
(format nil "~:{<~a ~a>~}" '((1 2) (3 4))) => "<1 2><3 4>"
(format nil "~@{~a~^-~}" 1 2 3) => "1-2-3"
(format nil "a~%b~~c~c" #\d) => "a
b~cd"
(format nil "~(~a~) ~:(~a~) ~@(~a~) ~:@(~a~)" 'foo "bar baz" "qUX x" "up") => "foo Bar Baz Qux x UP"
(format nil "~[zero~;one~:;many~] ~:[no~;yes~] ~@[got ~a~]" 1 t 5) => "one yes got 5"
(format nil "~[zero~;one~:;many~]" 7) => "many"
(format nil "~a item~:p ~a berr~:@p" 1 2) => "1 item 2 berries"
(format nil "~5a|~5@a|~v,'xd" 'ab 'cd 4 7) => "AB   |   CD|xxx7"
(format nil "~a ~s" '(a "b" (c . d) :k #\x) '(a "b" (c . d) :k #\x)) => "(A b (C . D) K x) (A \"b\" (C . D) :K #\\x)"
(format nil "~a ~a ~s" nil t nil) => "NIL T NIL"
(format nil "~*~a ~:*~a" 1 2) => "2 2"
(format nil "~? ~a" "~a+~a" '(1 2) 3) => "1+2 3"
(format nil "~16r ~2r" 255 5) => "FF 101"
(format nil "~a" ''x) => "'X"
(format nil "~a") => !!
(list (princ-to-string 'a) (prin1-to-string "a") (princ-to-string '(1 "b")) (write-to-string 5)) => ("A" "\"a\"" "(1 b)" "5")
;; definitions
(progn (defun f (x &optional (y 2)) "doc" (declare (ignorable y)) (* x y)) (list (f 3) (f 3 4))) => (6 12)
(progn (defmacro swap (a b) `(list ,b ,a)) (swap 1 2)) => (2 1)
(progn (defmacro m (&whole w (a &key (b 5)) &body body) `'(,w ,a ,b ,body)) (m (1 :b 2) 3 4)) => ((m (1 :b 2) 3 4) 1 2 (3 4))
(progn (defparameter *x* 5) (defun show () *x*) (list (let ((*x* 6)) (show)) (show))) => (6 5)
(progn (defvar *y* 1) (defvar *y* 2) *y*) => 1
(progn (defconstant +c+ (* 2 3)) (list +c+ (constantp '+c+))) => (6 t)
(progn (defmacro m2 () '(+ 1 2)) (list (macroexpand-1 '(m2)) (macroexpand '(m2)) (m2))) => ((+ 1 2) (+ 1 2) 3)
(progn (defun fact (n) (if (<= n 1) 1 (* n (fact (1- n))))) (fact 20)) => 2432902008176640000
(progn (defun early (l) (dolist (x l) (when (evenp x) (return-from early x)))) (early '(1 2 3))) => 2
(progn (setf (get 'a 'color) 'red) (list (get 'a 'color) (get 'a 'size 5))) => (red 5)
(progn (defmacro my-or (&rest forms) (if (null forms) nil (let ((g (gensym))) `(let ((,g ,(car forms))) (if ,g ,g (my-or ,@(cdr forms))))))) (my-or nil 5 (error "x"))) => 5
(let ((g (gensym))) (list (symbolp g) (eq g g) (eq g (gensym)))) => (t t nil)
(with-output-to-string (s) (format s "~a-" 1) (princ 'b s) (prin1 "c" s) (write-string "d" s) (write-char #\e s)) => "1-B\"c\"de"
(with-output-to-string (s) (dolist (x '(1 2)) (print x s)) (terpri s)) => "
1 
2 
"
(list (nth-value 1 (floor 7 2)) (list-length '(1 2)) (first (last '(1 2 3)))) => (1 2 3)
(loop for x in '(1 2 3) for y = (* x x) when (> y 3) collect y) => (4 9)
(loop for (name . rest) in '((a 1) (b 2 3)) collect name collect (length rest)) => (a 1 b 2)
(loop for i from 5 above 2 collect i) => (5 4 3)
(loop for i from 5 above 2 by 2 collect i) => (5 3)
(loop for i downfrom 5 above 2 collect i) => (5 4 3)
(loop for x in '(1 2 3) for i from 1 minimize (* x i) into a maximize x into b finally (return (list a b))) => (1 3)
(loop with x = 1 with y = (+ x 1) repeat 1 collect (list x y)) => ((1 2))
(loop initially (identity 1) for x in '(1) do (identity x) collect x) => (1)
(loop for c across "ab" collect (char-upcase c)) => (#\A #\B)
(loop for x in '(a b c) for first = t then nil unless first collect '- collect x) => (a - b - c)
(let ((r nil)) (loop for x in '(1 2) for y in '(3 4 5) do (push (+ x y) r) (push 0 r)) (reverse r)) => (4 0 6 0)
(loop for a in '(1 2) nconc (loop for b in '(3 4) collect (* a b))) => (3 4 6 8)
(loop for x in '(1 2 3) if (evenp x) do (identity x) else collect x) => (1 3)
(loop for x in '(1 2 3 4) when (evenp x) if (> x 2) collect (list x 'big) else collect x) => (2 (4 big))
(loop for k being each hash-key of (let ((h (make-hash-table))) (setf (gethash 'a h) 1) h) collect k) => (a)
(loop for i from 1 to 3 for j = (loop for k below i sum k) collect j) => (0 1 3)
(loop for x in '(1 2 3) collect x into xs when (= x 2) do (return xs)) => (1 2)
(loop for x in '(5 6) for i upfrom 10 collect (cons i x)) => ((10 . 5) (11 . 6))
(let ((t 1)) t) => !!
(let ((:a 1)) 2) => !!
(funcall (lambda (&optional (a 1) &rest b) (list a b))) => (1 nil)
(list (let ((s 0)) (flet ((add (x) (incf s x))) (mapc #'add '(1 2 3))) s) (let ((x 1)) (let ((y x)) (setq x 2) y))) => (6 1)
(funcall (lambda (&key ((:k (a b)) '(1 2))) (list a b))) => !!
