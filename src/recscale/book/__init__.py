"""The book itself: chapter parameters, running the chapters, building and checking the pages."""

from recscale.book.parameters import chapter_settings
