"""
What does broadcasting compute?
===============================

Two tensors of different shapes are added: axes of length 1 are repeated, and nothing is copied. The
gradient goes the other way: what was repeated is added up.
"""

import matplotlib.pyplot as plt

import lucid

# %%
# A column of three numbers and a row of four give a table of three by four. Shapes are compared
# from the last axis; they must be equal, or one of them 1.

column = lucid.tensor([[0.0], [10.0], [20.0]], requires_grad=True)
row = lucid.tensor([[1.0, 2.0, 3.0, 4.0]], requires_grad=True)
table = column + row
print(column.shape, "+", row.shape, "=", table.shape)

# %%
# Seen as a picture: the column is repeated to the right, the row downwards.

figure, axes = plt.subplots(1, 3, figsize=(8.5, 3), layout="constrained")
pictures = {"column (3, 1)": column, "row (1, 4)": row, "column + row (3, 4)": table}
for axis, (name, x) in zip(axes, pictures.items(), strict=True):
    array = x.detach().numpy()
    axis.imshow(array, vmin=0, vmax=45, cmap="GnBu", extent=(0, array.shape[1], array.shape[0], 0))
    for i in range(array.shape[0]):
        for j in range(array.shape[1]):
            axis.text(j + 0.5, i + 0.5, f"{array[i, j]:.0f}", ha="center", va="center")
    axis.set(title=name, xticks=[], yticks=[])

# %%
# Every number of the column took part in four sums and every number of the row in three. So those
# are the gradients of the total.

table.sum().backward()
print(column.grad.shape, column.grad.tolist())
print(row.grad.shape, row.grad.tolist())
