from .screen import screen_images

__all__ = ["screen_images"]
