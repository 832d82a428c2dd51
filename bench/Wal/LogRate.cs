namespace Bench.Wal;

/// <summary>What a log stored, framing included.</summary>
/// <param name="GroupsPerSecond">Groups, each made durable by one sync.</param>
/// <param name="BytesPerSecond">Their bytes.</param>
internal readonly record struct LogRate(double GroupsPerSecond, double BytesPerSecond)
{
    public double BytesPerGroup => BytesPerSecond / GroupsPerSecond;
}
