"""What a process is about: forks, threads, its end, memory, files written whole."""
