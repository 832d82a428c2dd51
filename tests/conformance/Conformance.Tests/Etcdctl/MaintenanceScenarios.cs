using Conformance.Harness;
using EtcdApi.Etcdserverpb;
using Action = EtcdApi.Etcdserverpb.AlarmRequest.Types.AlarmAction;

namespace Conformance.Etcdctl;

/// <summary>Alarms, quota, compaction, defragmentation, hashes (etcdctl §2.2; v3 semantics §7). Each scenario leaves no alarm behind.</summary>
internal static class MaintenanceScenarios
{
    public static IEnumerable<Scenario<EtcdctlSession>> All()
    {
        yield return new("ctl-maintenance/no-space", NoSpace);
        yield return new("ctl-maintenance/no-space-by-hand", NoSpaceByHand);
        yield return new("ctl-maintenance/corrupt", Corrupt);
        yield return new("ctl-maintenance/defrag", s => s.RunAll("put a b", "defrag", "defrag --cluster", "defrag -w json", "get a", "defrag extra"));
        yield return new("ctl-maintenance/hashkv", async s =>
        {
            await s.RunAll("put a b", "put a c", "endpoint hashkv", "endpoint hashkv -w json", "endpoint hashkv --cluster", $"endpoint hashkv --rev {s.Rev(1)}");
            await s.RunAll($"endpoint hashkv --rev {s.Rev(9)}", $"compaction {s.Rev(2)}", $"endpoint hashkv --rev {s.Rev(1)}", "endpoint hashkv -w json");
        });
        yield return new("ctl-maintenance/compaction", async s =>
        {
            await s.RunAll("put a b", "put a c", "del a", "put a d");
            await s.RunAll($"compaction {s.Rev(9)}", $"compaction --rev {s.Rev(2)}", "compaction", "compaction x", $"compaction {s.Rev(2)}", $"compaction {s.Rev(2)}");
            await s.RunAll($"get a --rev={s.Rev(1)}", $"get a --rev={s.Rev(2)}", $"compaction {s.Rev(4)} --physical", $"get a --rev={s.Rev(4)}", "get a");
        });
    }

    // The space is given back after the alarm was cleared: here that clears it, in etcd it does not.
    private static async Task NoSpace(EtcdctlSession s)
    {
        await s.FillUntilRefused();
        await s.RunAll("alarm list", "alarm list -w json", "put small x", "endpoint status", "endpoint health");
        await s.RunWithInput("\nput a b\n\n\n", "txn");
        await s.RunWithInput("\ndel f\n\nput a b\n\n", "txn");
        await s.RunWithInput("\nget f --count-only\n\n\n", "txn");
        await s.RunAll("lease grant 60", "get small", "del f", "del f");
        await s.Run("alarm disarm");
        await s.FillUntilRefused();
        await s.RunAll("alarm list", "del f", "alarm disarm", $"compaction {s.Rev(0)} --physical", "defrag");
        await s.RunUnseen("alarm disarm");
        await s.RunAll("put small x", "get small", "alarm list");
    }

    // Nothing is full, so nothing clears it but a hand.
    private static async Task NoSpaceByHand(EtcdctlSession s)
    {
        await s.Alarm(Action.Activate, AlarmType.Nospace);
        await s.Alarm(Action.Activate, AlarmType.Nospace);
        await s.RunAll("put a b", "get a", "del a", "alarm list", "alarm disarm", "alarm disarm", "put a b");
    }

    private static async Task Corrupt(EtcdctlSession s)
    {
        await s.RunAll("put a b", "put a c");
        await s.Alarm(Action.Activate, AlarmType.Corrupt);
        await s.RunAll(
            "alarm list", "put a d", "del a", "get a", "lease grant 60", "lease list", $"compaction {s.Rev(1)}", "endpoint status", "endpoint health", "defrag",
            "endpoint hashkv", "member list");
        await s.RunWithInput("\nput a d\n\n\n", "txn");
        await s.RunWithInput("\nget a\n\n\n", "txn");
        await s.RunAll("alarm disarm", "put a d", "get a");
    }
}
