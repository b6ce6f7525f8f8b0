"""What the processor and the compiler can do, asked once at import."""

cdef extern from *:
    """
    #if defined(__x86_64__) && defined(__GNUC__)
    static int lucid_x86_level(void) {  /* as in the x86-64 psABI, section 3.1.1 */
        __builtin_cpu_init();
        if (!(__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt"))) return 1;
        if (!(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
              && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2"))) return 2;
        if (!(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
              && __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq")
              && __builtin_cpu_supports("avx512vl"))) return 3;
        return 4;
    }
    #else
    static int lucid_x86_level(void) { return 0; }
    #endif

    #if defined(__clang__)
    #define LUCID_COMPILER "clang " __clang_version__
    #elif defined(__GNUC__)
    #define LUCID_COMPILER "gcc " __VERSION__
    #else
    #define LUCID_COMPILER "unknown"
    #endif
    """
    int lucid_x86_level() nogil
    const char *LUCID_COMPILER


def x86_level():
    """Return the highest x86-64 level that this processor runs, 1 to 4; 0 on any other."""
    return lucid_x86_level()


def compiler():
    """Name the compiler that built this module."""
    return LUCID_COMPILER.decode("ascii")
