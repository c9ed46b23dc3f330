"""What a canary sounds like: a made-up anomaly that goes the whole way and that no one is told.

Whatever comes in this Sparkplug group is counted nowhere: it is no asset, no node of the city
and no alarm. Of its readings nothing is kept but rows of the measurement `canary`.
"""

GROUP = "lamppost-canary"
METRIC = "song"
LOW, HIGH = 0.0, 10.0
CALM, LOUD = 5.0, 100.0
"""Values within and beyond what the birth declares, so the judge need not learn first."""
