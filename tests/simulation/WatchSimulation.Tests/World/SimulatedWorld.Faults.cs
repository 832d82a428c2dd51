namespace WatchSimulation.World;

/// <summary>What clients do, and what goes wrong.</summary>
internal sealed partial class SimulatedWorld
{
    private void PlanWork()
    {
        Every(Profile.WriteEvery, Write);
        Every(Profile.CreateEvery, () => AnyClient().Create());
        Every(Profile.CancelEvery, () => AnyClient().Cancel());
        Every(Profile.ProgressEvery, () => AnyClient().AskProgress());
    }

    private void PlanFaults()
    {
        Every(Profile.CompactEvery, Compact);
        Every(Profile.HubCrashEvery, () => Crash(_hubs[Random.Next(_hubs.Count)]));
        Every(Profile.HubFreezeEvery, () => Freeze(_hubs[Random.Next(_hubs.Count)]));
        Every(Profile.SessionLossEvery, () => AnyClient().Stream?.LoseSession());
        Every(Profile.MoveEvery, () => AnyClient().Stream?.Session?.AskToLeave());
        Every(Profile.FeedBreakEvery, () => _hubs[Random.Next(_hubs.Count)].BreakFeed());
        Every(Profile.GatewayRestartEvery, Restart);
        Every(Profile.ReaderStallEvery, () => AnyClient().Stream?.Stall(Random.Next(3) == 0 ? Profile.Length : Random.Next(1000)));
    }

    private void Every(int mean, Action what)
    {
        if (mean == 0)
            return;
        Scheduler.After(1 + Random.Next(2 * mean), () =>
        {
            if (IsCalm)
                return;
            what();
            Every(mean, what);
        });
    }

    private SimulatedClient AnyClient() => _clients[Random.Next(_clients.Count)];

    private void Write()
    {
        var changes = new Dictionary<string, string?>();
        for (var n = 1 + Random.Next(Profile.MaxKeysOfARevision); n > 0; n--)
        {
            var key = AnyKey();
            changes[key] = Random.Next(3) == 0 && Store.History[key] is not null ? null : $"v{Store.History.Last + 1}";
        }
        Store.Write(changes.Select(change => (change.Key, change.Value)));
        Trace($"written: {string.Join("; ", Store.History.At(Store.History.Last))}");
        // Whoever wrote it did so through a gateway.
        AnyGateway().Observe(Store.History.Last);
    }

    private void Compact()
    {
        var revision = Math.Max(1, Store.History.Last - Random.Next(6) switch { 0 => 0, 1 => Random.Next(5), _ => Random.Next(60) });
        if (revision <= Store.History.Compacted)
            return;
        Trace($"compacted: {revision}");
        Store.Compact(revision);
        AnyGateway().ObserveCompacted(revision);
    }

    private void Crash(SimulatedHub hub)
    {
        hub.Crash();
        Scheduler.After(Random.Next(300), hub.Start);
    }

    // Some gateways notice, and go elsewhere; to the others it is slow.
    private void Freeze(SimulatedHub hub)
    {
        hub.Freeze(1 + Random.Next(600));
        foreach (var client in _clients.Where(client => client.Stream?.Session?.Hub == hub && Random.Next(2) == 0))
            client.Stream!.LoseSession();
    }

    private void Restart()
    {
        var gateway = AnyGateway();
        Trace($"gateway {gateway.Number} restarts");
        gateway.Restart();
        foreach (var client in _clients.Where(client => client.Stream?.Gateway == gateway))
            client.StreamEnded();
    }
}
