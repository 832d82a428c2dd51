using Bench.Measure;

namespace Bench.Wal;

/// <summary>One size of groups: the raw disk, the log and the service, measured in turns.</summary>
internal sealed class WalRow(int groupBytes)
{
    private readonly List<(LogRate Raw, LogRate Log, LogRate Service)> _rounds = [];
    private readonly LogGroup _group = LogGroup.OfBytes(groupBytes);

    public int GroupBytes { get; } = groupBytes;

    /// <summary>Measures all three once, in an order that turns with the round.</summary>
    public void RunRound(string workFolder, int round, TimeSpan time)
    {
        var warmup = time / 4;
        LogRate raw = default, log = default, service = default;
        Action<string>[] steps =
        [
            folder => raw = Raw(folder, time),
            folder => log = LogAppend.Run(folder, _group, warmup, time),
            folder => service = ServiceAppend.RunAsync(folder, _group, warmup, time).GetAwaiter().GetResult(),
        ];
        for (var i = 0; i < steps.Length; i++)
        {
            var folder = Directory.CreateDirectory(Path.Combine(workFolder, $"wal-{Guid.NewGuid():N}")).FullName;
            steps[(i + round) % steps.Length](folder);
            Directory.Delete(folder, recursive: true);
        }
        _rounds.Add((raw, log, service));
    }

    public LogRate Raw() => MedianOf(r => r.Raw);

    public LogRate Log() => MedianOf(r => r.Log);

    public LogRate Service() => MedianOf(r => r.Service);

    /// <summary>Bytes a second of the log over those of the raw disk: median, lowest and highest of the rounds.</summary>
    public (double Median, double Lowest, double Highest) LogShare() => Figures.Spread(_rounds.Select(r => r.Log.BytesPerSecond / r.Raw.BytesPerSecond));

    /// <summary>The same of the service.</summary>
    public (double Median, double Lowest, double Highest) ServiceShare() => Figures.Spread(_rounds.Select(r => r.Service.BytesPerSecond / r.Raw.BytesPerSecond));

    private LogRate Raw(string folder, TimeSpan time)
    {
        var (perSecond, _) = RawLog.Run(folder, GroupBytes, time);
        return new LogRate(perSecond, perSecond * GroupBytes);
    }

    private LogRate MedianOf(Func<(LogRate Raw, LogRate Log, LogRate Service), LogRate> of) => new(
        Figures.Median(_rounds.Select(r => of(r).GroupsPerSecond)), Figures.Median(_rounds.Select(r => of(r).BytesPerSecond)));
}
