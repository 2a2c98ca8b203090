import numpy as np
from skimage.data import astronaut

SIZE = 24
# Windows of a photograph; random pixels would not be what codecs are made for.
IMAGES = np.stack([astronaut()[s : s + SIZE, s : s + SIZE] for s in range(0, 200, 20)])
GRAY = IMAGES[..., 1]
