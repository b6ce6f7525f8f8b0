"""
Hello
=====

Try.
"""
import matplotlib.pyplot as plt
import lucid
plt.plot(lucid.arange(4).numpy())
