using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace EndToEnd.Tests.Maintenance;

/// <summary>Writers that put without a pause, and how long each put took, by the phase in which it ended.</summary>
public sealed class LatencySeries : IAsyncDisposable
{
    private const int Writers = 4;

    private readonly V3Client _client;
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _gate = new();
    private readonly List<(string Phase, long At, double Milliseconds)> _puts = [];
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly Task _writing;
    private string _phase = "warm-up";

    public LatencySeries(Uri server)
    {
        _client = new V3Client(server);
        _writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(WriteAsync));
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
                    $"{phase.Key,-12} {sorted.Length,7} puts  p50 {sorted[sorted.Length / 2]:F2}  p99 {sorted[(int)(sorted.Length * 0.99)]:F2}  slowest {sorted[^1]:F1} ms");
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
        _client.Dispose();
        _ending.Dispose();
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
