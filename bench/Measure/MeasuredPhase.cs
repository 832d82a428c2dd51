using System.Diagnostics;

namespace Bench.Measure;

/// <summary>The counters of both processes at the start of a measured phase; <see cref="End"/> gives what it cost.</summary>
internal sealed class MeasuredPhase
{
    private readonly int? _serverProcessId;
    private readonly double _serverCpu;
    private readonly TimeSpan _clientCpu;
    private readonly long _startTicks;

    private MeasuredPhase(int? serverProcessId)
    {
        _serverProcessId = serverProcessId;
        if (serverProcessId is { } pid)
        {
            ProcessStat.ResetPeak(pid);
            _serverCpu = ProcessStat.CpuMicroseconds(pid);
        }
        _clientCpu = Environment.CpuUsage.TotalTime;
        _startTicks = Stopwatch.GetTimestamp();
    }

    public static MeasuredPhase Begin(int? serverProcessId) => new(serverProcessId);

    public LoadResult End(LatencyRecorder recorder)
    {
        var seconds = Stopwatch.GetElapsedTime(_startTicks).TotalSeconds;
        var clientCpu = Environment.CpuUsage.TotalTime - _clientCpu;
        var operations = Math.Max(recorder.Operations, 1);
        return new LoadResult(
            recorder.Operations,
            seconds,
            recorder.PercentileMs(50),
            recorder.PercentileMs(99),
            recorder.PercentileMs(99.9),
            _serverProcessId is { } p ? (ProcessStat.CpuMicroseconds(p) - _serverCpu) / operations : null,
            clientCpu.TotalMicroseconds / operations,
            _serverProcessId is { } q ? ProcessStat.PeakResidentBytes(q) : null,
            Errors: 0,
            ErrorText: "");
    }
}
