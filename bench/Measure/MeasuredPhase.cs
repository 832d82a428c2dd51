using System.Diagnostics;

namespace Bench.Measure;

/// <summary>The counters of servers and client at the start of a measured phase; <see cref="End"/> gives what it cost.</summary>
internal sealed class MeasuredPhase
{
    private readonly IReadOnlyList<int> _servers;
    private readonly double[] _serverCpu;
    private readonly TimeSpan _clientCpu;
    private readonly double _machineBusy;
    private readonly long _startTicks;

    private MeasuredPhase(IReadOnlyList<int> servers)
    {
        _servers = servers;
        foreach (var server in servers)
            ProcessStat.ResetPeak(server);
        _serverCpu = CpuOf(servers);
        _clientCpu = Environment.CpuUsage.TotalTime;
        _machineBusy = MachineLoad.BusyMicroseconds();
        _startTicks = Stopwatch.GetTimestamp();
    }

    /// <param name="servers">Process ids, none when they are not known.</param>
    public static MeasuredPhase Begin(IReadOnlyList<int> servers) => new(servers);

    public LoadResult End(LatencyRecorder recorder)
    {
        var seconds = Stopwatch.GetElapsedTime(_startTicks).TotalSeconds;
        var clientCpu = Environment.CpuUsage.TotalTime - _clientCpu;
        var machineBusy = MachineLoad.BusyMicroseconds() - _machineBusy;
        double[] serverCpu = [.. CpuOf(_servers).Zip(_serverCpu, static (end, begin) => end - begin)];
        var operations = Math.Max(recorder.Operations, 1);
        return new LoadResult(
            recorder.Operations,
            seconds,
            recorder.PercentileMs(50),
            recorder.PercentileMs(99),
            recorder.PercentileMs(99.9),
            [.. serverCpu.Select(cpu => cpu / operations)],
            clientCpu.TotalMicroseconds / operations,
            [.. _servers.Select(ProcessStat.PeakResidentBytes)],
            _servers.Count > 0 ? Math.Max(0, machineBusy - serverCpu.Sum() - clientCpu.TotalMicroseconds) / 1e6 / seconds : null,
            Errors: 0,
            ErrorText: "");
    }

    private static double[] CpuOf(IReadOnlyList<int> servers) => [.. servers.Select(ProcessStat.CpuMicroseconds)];
}
