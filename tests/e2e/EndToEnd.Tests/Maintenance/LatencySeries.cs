using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace EndToEnd.Tests.Maintenance;

/// <summary>
/// Writers that put without a pause, and how long each put took, by the phase in which it ended. Beside them a canary writes to the same disk and syncs: what it
/// waits for, a server waits for as well, whatever it does.
/// </summary>
public sealed class LatencySeries : IAsyncDisposable
{
    private const int CanaryBytes = 4096;
    private static readonly TimeSpan s_canaryPause = TimeSpan.FromMilliseconds(5);

    private const int Writers = 4;

    private readonly V3Client _client;
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _gate = new();
    private readonly List<(string Phase, long At, double Milliseconds)> _puts = [];
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly List<(string Phase, double Milliseconds)> _syncs = [];
    private readonly TempFolder _folder = new();
    private readonly Task _writing;
    private readonly Thread _canary;
    private string _phase = "warm-up";

    public LatencySeries(Uri server)
    {
        _client = new V3Client(server);
        _writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(WriteAsync));
        _canary = new Thread(Sync) { IsBackground = true, Name = "disk canary" };
        _canary.Start();
    }

    /// <summary>Puts answered so far.</summary>
    public int Answered
    {
        get
        {
            lock (_gate)
                return _puts.Count;
        }
    }

    /// <summary>What ends from here on counts for this phase.</summary>
    public void Begin(string phase)
    {
        lock (_gate)
            _phase = phase;
    }

    /// <summary>Slowest put of a phase, in milliseconds.</summary>
    public double Slowest(string phase)
    {
        lock (_gate)
            return _puts.Where(put => put.Phase == phase).Select(put => put.Milliseconds).DefaultIfEmpty().Max();
    }

    /// <summary>Slowest write and sync of the canary in a phase, in milliseconds.</summary>
    public double SlowestOfDisk(string phase)
    {
        lock (_gate)
            return _syncs.Where(sync => sync.Phase == phase).Select(sync => sync.Milliseconds).DefaultIfEmpty().Max();
    }

    /// <summary>A line for each phase, and the slowest put of each half second.</summary>
    public string Describe()
    {
        var text = new StringBuilder();
        lock (_gate)
        {
            foreach (var phase in _puts.GroupBy(put => put.Phase))
            {
                double[] sorted = [.. phase.Select(put => put.Milliseconds).Order()];
                text.AppendLine(CultureInfo.InvariantCulture,
                    $"{phase.Key,-12} {sorted.Length,7} puts  p50 {sorted[sorted.Length / 2]:F2}  p99 {sorted[(int)(sorted.Length * 0.99)]:F2}  slowest {sorted[^1]:F1} ms; of the disk alone {SlowestOfDisk(phase.Key):F1} ms");
                var halves = phase.GroupBy(put => put.At / 500).OrderBy(half => half.Key);
                text.AppendLine(CultureInfo.InvariantCulture, $"             slowest per half second: {string.Join(' ', halves.Select(half => half.Max(put => put.Milliseconds).ToString("F0", CultureInfo.InvariantCulture)))}");
            }
        }
        return text.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _writing;
        _canary.Join();
        _folder.Dispose();
        _client.Dispose();
        _ending.Dispose();
    }

    private void Sync()
    {
        using var file = File.OpenHandle(_folder.Sub("canary"), FileMode.CreateNew, FileAccess.Write);
        var block = new byte[CanaryBytes];
        while (!_ending.Token.WaitHandle.WaitOne(s_canaryPause))
        {
            var started = Stopwatch.GetTimestamp();
            RandomAccess.Write(file, block, 0);
            RandomAccess.FlushToDisk(file);
            var took = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            lock (_gate)
                _syncs.Add((_phase, took));
        }
    }

    private async Task WriteAsync(int writer)
    {
        while (!_ending.IsCancellationRequested)
        {
            var started = Stopwatch.GetTimestamp();
            await _client.PutAsync($"latency/{writer}", "value");
            var took = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            lock (_gate)
                _puts.Add((_phase, (long)Stopwatch.GetElapsedTime(_began).TotalMilliseconds, took));
        }
    }
}
