using Hosting.Metrics;

namespace WatchHub.Host;

/// <summary>What a hub shows of its v3 watches, under etcd's names; v2's are no part of these in etcd either.</summary>
internal sealed class WatchMetricSource(WatchHubService hub) : IMetricSource
{
    public void Describe(MetricRegistry registry)
    {
        registry.Add("etcd_debugging_mvcc_events_total", "Total number of events sent by this member.", MetricKind.Counter, () => hub.Events);
        registry.Add("etcd_debugging_mvcc_watcher_total", "Total number of watchers.", MetricKind.Gauge, () => hub.Watchers);
        registry.Add("etcd_debugging_mvcc_slow_watcher_total", "Total number of unsynced slow watchers.", MetricKind.Gauge, () => hub.SlowWatchers);
    }
}
