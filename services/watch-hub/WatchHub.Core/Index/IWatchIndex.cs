using Storage.Contracts;
using WatchHub.Contracts;
using WatchHub.Core.Watchers;

namespace WatchHub.Core.Index;

/// <summary>Finds the groups that must hear of an event. One rule set per key space.</summary>
internal interface IWatchIndex
{
    /// <summary>The group of a watch, made if it is the first of its kind. Its <see cref="WatchGroup.Watchers"/> counts it from here on.</summary>
    WatchGroup Join(WatchSpec spec);

    /// <summary>One watch fewer; the last one takes the group along.</summary>
    void Leave(WatchGroup group);

    /// <summary>Adds every group that hears of the event live. Filters included; no group twice.</summary>
    void Match(in FeedEvent candidate, List<WatchGroup> into);

    /// <summary>The same rule for one group, for catch-up. <paramref name="live"/>: by the rules of live delivery (v2 hidden keys).</summary>
    bool Matches(WatchGroup group, in FeedEvent candidate, bool live);
}
