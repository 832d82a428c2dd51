using System.Diagnostics;

namespace Bench.Wal;

/// <summary>The measured part of a run: what the disk saw between the end of the warm-up and the end of the run.</summary>
internal sealed class CountedPhase(CountingDisk disk, TimeSpan warmup, TimeSpan time)
{
    private long _start = Stopwatch.GetTimestamp();
    private bool _isMeasuring;
    private long _bytes;
    private long _syncs;

    /// <summary>To be called after every step; true, with the result, once the time is over.</summary>
    public bool IsOver(out LogRate rate)
    {
        rate = default;
        var elapsed = Stopwatch.GetElapsedTime(_start);
        if (!_isMeasuring)
        {
            if (elapsed < warmup)
                return false;
            (_start, _isMeasuring, _bytes, _syncs) = (Stopwatch.GetTimestamp(), true, disk.Bytes, disk.Syncs);
            return false;
        }
        if (elapsed < time)
            return false;
        rate = new LogRate((disk.Syncs - _syncs) / elapsed.TotalSeconds, (disk.Bytes - _bytes) / elapsed.TotalSeconds);
        return true;
    }
}
