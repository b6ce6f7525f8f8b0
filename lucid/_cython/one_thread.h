/* What GCC makes of a parallel loop calls GOMP_parallel, which sets up a team of threads: half a
   microsecond, even for a team of one. The linker (--wrap) sends those calls here instead, and a
   team of one does its work at once, as outside of any parallel region. Inside one it would be
   taken for a part of that one's team, so there it is a team after all. */

int omp_in_parallel(void);
void __real_GOMP_parallel(void (*work)(void *), void *data, unsigned threads, unsigned flags);

__attribute__((visibility("hidden")))
void __wrap_GOMP_parallel(void (*work)(void *), void *data, unsigned threads, unsigned flags)
{
    if (threads == 1 && !omp_in_parallel())
        work(data);
    else
        __real_GOMP_parallel(work, data, threads, flags);
}
