# enter: helpers.ktime_get_ns()
from kring import helpers
