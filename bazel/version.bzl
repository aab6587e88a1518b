"""The project's version, that of CMakeLists.txt; scripts/lint compares them."""

VERSION = "0.1.0"
