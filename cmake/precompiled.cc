// Gives the target of the precompiled header something to compile.
