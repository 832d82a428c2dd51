namespace LeaseManager.Host;

/// <summary>The two clocks: a monotonic one for leases, the wall clock for v2 deadlines.</summary>
internal static class Clock
{
    private const int NanosPerTick = 100;

    /// <summary>Monotonic, with an arbitrary origin.</summary>
    public static TimeSpan Monotonic(this TimeProvider time) => time.GetElapsedTime(0);

    public static long UnixNanos(this TimeProvider time) =>
        (time.GetUtcNow().UtcTicks - DateTime.UnixEpoch.Ticks) * NanosPerTick;

    /// <summary>Rounded up: what is waited for has come when the wait ends.</summary>
    public static TimeSpan FromNanos(long nanos) => TimeSpan.FromTicks((nanos + NanosPerTick - 1) / NanosPerTick);
}
