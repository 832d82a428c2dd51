using System.Diagnostics.Metrics;

namespace Consensus.Host.Service;

/// <summary>Metrics of one member, under etcd's names.</summary>
internal sealed class ConsensusMetrics : IDisposable
{
    private readonly Meter _meter = new(ConsensusService.TelemetryName);
    private readonly Histogram<double> _fsyncSeconds;
    private readonly Counter<long> _failed;
    private readonly Counter<long> _droppedMessages;
    private long _committed;

    public ConsensusMetrics(Func<int> pending)
    {
        _fsyncSeconds = _meter.CreateHistogram(
            "etcd_disk_wal_fsync_duration_seconds", description: "Latency of a log write with its fdatasync.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [.. Enumerable.Range(0, 14).Select(n => 0.001 * (1 << n))] });
        _failed = _meter.CreateCounter<long>("etcd_server_proposals_failed_total", description: "Proposals that did not enter the log.");
        _droppedMessages = _meter.CreateCounter<long>(
            "etcd_network_peer_sent_failures_total", description: "Messages to other members that were not sent.");
        // A gauge in etcd, despite the name.
        _meter.CreateObservableGauge("etcd_server_proposals_committed_total", () => Volatile.Read(ref _committed), description: "Last committed index.");
        _meter.CreateObservableGauge("etcd_server_proposals_pending", pending, description: "Proposals waiting for the log.");
    }

    public bool IsTimingWrites => _fsyncSeconds.Enabled;

    public void Wrote(TimeSpan took) => _fsyncSeconds.Record(took.TotalSeconds);
    public void Failed(int proposals) => _failed.Add(proposals);
    public void MessageDropped() => _droppedMessages.Add(1);
    public void Committed(ulong index) => Volatile.Write(ref _committed, (long)index);

    public void Dispose() => _meter.Dispose();
}
