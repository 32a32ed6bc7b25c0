"""The rules of the engine contract, written out slowly and obviously, without a look at either engine."""
