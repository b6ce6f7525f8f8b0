/* What the machine can do at most: multiply-adds between registers. */
#include <stddef.h>
#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX__)
#define LANES 8
#else
#define LANES 4
#endif
#if defined(__aarch64__)
#define REGISTER "+w"
#elif defined(__x86_64__)
#define REGISTER "+v"
#else
#define REGISTER "+m"
#endif
typedef float vector __attribute__((vector_size(LANES * 4)));
/* ten independent sums hide the latency of one; the empty asm keeps each from being computed once */
#define STEP(s) s = s * x + y; __asm__ volatile("" : REGISTER(s));

double multiply_adds(size_t rounds, float a, float b) {
    vector x = (vector){0} + a, y = (vector){0} + b;
    vector s0 = y, s1 = y, s2 = y, s3 = y, s4 = y, s5 = y, s6 = y, s7 = y, s8 = y, s9 = y;
    for (size_t round = 0; round < rounds; round++) {
        STEP(s0) STEP(s1) STEP(s2) STEP(s3) STEP(s4) STEP(s5) STEP(s6) STEP(s7) STEP(s8) STEP(s9)
    }
    vector sum = s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9;
    double total = 0;
    for (int lane = 0; lane < LANES; lane++) total += sum[lane];
    return total;
}

int lanes(void) { return LANES; }
