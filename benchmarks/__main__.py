"""``make bench``: print what was measured, on which machine, with which versions."""

from benchmarks.hot_path import main

if __name__ == "__main__":
    main()
