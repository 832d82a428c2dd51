using System.Diagnostics;

namespace Bench.Measure;

/// <summary>The counters of both processes at the start of a measured phase; <see cref="End"/> gives what it cost.</summary>
internal sealed class MeasuredPhase
{
    private readonly int? _serverProcessId;
    private readonly double _serverCpu;
    private readonly TimeSpan _clientCpu;
    private readonly double _machineBusy;
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
        _machineBusy = MachineLoad.BusyMicroseconds();
        _startTicks = Stopwatch.GetTimestamp();
    }

    public static MeasuredPhase Begin(int? serverProcessId) => new(serverProcessId);

    public LoadResult End(LatencyRecorder recorder)
    {
        var seconds = Stopwatch.GetElapsedTime(_startTicks).TotalSeconds;
        var clientCpu = Environment.CpuUsage.TotalTime - _clientCpu;
        var machineBusy = MachineLoad.BusyMicroseconds() - _machineBusy;
        double? serverCpu = _serverProcessId is { } pid ? ProcessStat.CpuMicroseconds(pid) - _serverCpu : null;
        var operations = Math.Max(recorder.Operations, 1);
        return new LoadResult(
            recorder.Operations,
            seconds,
            recorder.PercentileMs(50),
            recorder.PercentileMs(99),
            recorder.PercentileMs(99.9),
            serverCpu / operations,
            clientCpu.TotalMicroseconds / operations,
            _serverProcessId is { } q ? ProcessStat.PeakResidentBytes(q) : null,
            serverCpu is { } server ? Math.Max(0, machineBusy - server - clientCpu.TotalMicroseconds) / 1e6 / seconds : null,
            Errors: 0,
            ErrorText: "");
    }
}
