using Conformance.Harness;
using EtcdApi.Etcdserverpb;

namespace Conformance.Etcdctl;

/// <summary>put, get, del, txn and compaction with every flag (etcdctl §2.2, §2.3, §2.6, §2.7).</summary>
internal static class KvScenarios
{
    private static readonly string[] s_formats = ["simple", "json", "fields", "table", "nonsense"];

    public static IEnumerable<Scenario<EtcdctlSession>> All()
    {
        yield return new("ctl/put", s => s.RunAll("put foo bar", "put foo baz", "get foo", "put foo ''", "get foo", "put '' v"));
        yield return new("ctl/put-prev-kv", s => s.RunAll("put foo 1 --prev-kv", "put foo 2 --prev-kv", "put foo 3 --prev-kv -w json"));
        yield return new("ctl/put-from-stdin", async s =>
        {
            await s.RunWithInput("from\nstdin", "put foo");
            await s.Run("get foo");
            await s.RunWithInput("", "put foo");
        });
        yield return new("ctl/put-ignore-value", s => s.RunAll("put foo --ignore-value", "put foo kept", "put foo --ignore-value", "get foo -w json", "put foo v --ignore-value"));
        yield return new("ctl/put-ignore-lease", s => s.RunAll("put foo v --ignore-lease", "put foo v", "put foo w --ignore-lease", "get foo -w json", "put foo v --ignore-lease --lease=1"));
        yield return new("ctl/put-lease", PutWithLease);
        yield return new("ctl/put-formats", s => Formats(s, "put foo bar"));
        yield return new("ctl/put-dashes", s => s.RunAll("put -- -key -value", "get -- -key", "put foo -- -5", "get foo"));
        yield return new("ctl/put-usage", s => s.RunAll("put", "put a b c", "put a b --lease=zz", "put a b --nonsense"));

        yield return new("ctl/get", s => On(s, "get foo", "get missing", "get a1 a3", "get a3 a1", "get ''"));
        yield return new("ctl/get-prefix", s => On(s, "get a --prefix", "get '' --prefix", "get zz --prefix", "get a --prefix --limit=2"));
        yield return new("ctl/get-from-key", s => On(s, "get b --from-key", "get '' --from-key", "get b --from-key --limit=1"));
        yield return new("ctl/get-limit", s => On(s, "get a --prefix --limit=1", "get a --prefix --limit=3 -w json", "get a --prefix --limit=0", "get a --prefix --limit=2 -w fields"));
        yield return new("ctl/get-rev", GetAtRevisions);
        yield return new("ctl/get-order", s => On(s, "get a --prefix --order=ASCEND", "get a --prefix --order=DESCEND", "get a --prefix --order=descend", "get a --prefix --order=x"));
        foreach (var target in (string[])["CREATE", "KEY", "MODIFY", "VALUE", "VERSION", "x"])
        {
            yield return new($"ctl/get-sort-by-{target}".ToLowerInvariant(), s => On(
                s, $"get '' --prefix --sort-by={target}", $"get '' --prefix --sort-by={target} --order=DESCEND", $"get '' --prefix --sort-by={target} --limit=2 --keys-only"));
        }
        yield return new("ctl/get-keys-only", s => On(s, "get a --prefix --keys-only", "get a --prefix --keys-only -w json", "get foo --keys-only -w fields"));
        yield return new("ctl/get-count-only", s => On(s, "get a --prefix --count-only", "get a --prefix --count-only -w json", "get a --prefix --count-only -w fields", "get zz --count-only -w fields"));
        yield return new("ctl/get-print-value-only", s => On(s, "get a --prefix --print-value-only", "get missing --print-value-only", "get a1 --print-value-only --keys-only"));
        yield return new("ctl/get-consistency", s => On(s, "get foo --consistency=l", "get foo --consistency=s", "get foo --consistency=x"));
        yield return new("ctl/get-hex", s => On(s, "get foo --hex", "get foo --hex --print-value-only", "get foo --hex -w json", "get foo --hex -w fields"));
        yield return new("ctl/get-usage", s => On(s, "get", "get a b c", "get a --prefix --from-key", "get a b --prefix", "get a --limit=x", "get a --nonsense", "get a --rev=x"));
        yield return new("ctl/get-formats", s => Formats(s, "get a --prefix"));
        yield return new("ctl/get-protobuf", async s =>
        {
            await Fill(s);
            await s.RunProtobuf(RangeResponse.Parser, "get a --prefix -w protobuf");
            await s.RunProtobuf(RangeResponse.Parser, "get missing -w protobuf");
        });

        yield return new("ctl/del", s => On(s, "del foo", "del foo", "get foo", "del ''"));
        yield return new("ctl/del-prefix", s => On(s, "del a --prefix", "get '' --prefix --keys-only", "del '' --prefix"));
        yield return new("ctl/del-range", s => On(s, "del a1 a3", "get '' --prefix --keys-only", "del a --from-key", "get '' --prefix"));
        yield return new("ctl/del-range-flag", s => On(s, "del a1 a3 --range", "get '' --prefix --keys-only"));
        yield return new("ctl/del-prev-kv", s => On(s, "del a --prefix --prev-kv", "del missing --prev-kv", "del foo --prev-kv -w json", "del b --prev-kv -w fields"));
        yield return new("ctl/del-usage", s => s.RunAll("del", "del a b c", "del a --prefix --from-key", "del a b --prefix"));
        yield return new("ctl/del-formats", s => Formats(s, "del a --prefix"));
        yield return new("ctl/put-and-del-protobuf", async s =>
        {
            await s.RunProtobuf(PutResponse.Parser, "put foo bar -w protobuf");
            await s.RunProtobuf(PutResponse.Parser, "put foo baz --prev-kv -w protobuf");
            await s.RunProtobuf(DeleteRangeResponse.Parser, "del foo --prev-kv -w protobuf");
        });

        yield return new("ctl/compaction", Compaction);
        yield return new("ctl/unknown-command", s => s.RunAll("nonsense", "get --nonsense x", "version"));
    }

    private static async Task Fill(EtcdctlSession s) => await s.RunAll(
        "put foo bar", "put a1 5", "put a3 1", "put a2 3", "put b other", "put a1 4", "put a1 9", "put a3 1");

    private static async Task On(EtcdctlSession s, params string[] commands)
    {
        await Fill(s);
        await s.RunAll(commands);
    }

    private static async Task Formats(EtcdctlSession s, string command)
    {
        await Fill(s);
        foreach (var format in s_formats)
            await s.Run($"{command} -w {format}");
    }

    private static async Task PutWithLease(EtcdctlSession s)
    {
        var granted = await s.Run("lease grant 600");
        var id = granted.Split(' ')[1];
        await s.RunAll($"put foo bar --lease={id}", "get foo -w json", "get foo -w fields", $"lease timetolive {id} --keys", "put foo bar", "get foo -w json", "put foo bar --lease=1234");
    }

    private static async Task GetAtRevisions(EtcdctlSession s)
    {
        await Fill(s);
        for (var distance = 1; distance <= 9; distance += 2)
            await s.Run($"get a --prefix --rev={s.Rev(distance)}");
        await s.Run($"get a --prefix --rev={s.Rev(3)} -w json");
        await s.Run($"compaction {s.Rev(4)}");
        await s.Run($"get a --prefix --rev={s.Rev(3)}");
        await s.Run($"get a --prefix --rev={s.Rev(4)}");
        await s.Run($"get a --prefix --rev={s.Rev(99)}");
    }

    private static async Task Compaction(EtcdctlSession s)
    {
        await Fill(s);
        await s.RunAll(
            $"compaction {s.Rev(3)}", $"compaction {s.Rev(3)}", $"compaction {s.Rev(2)}", $"compaction {s.Rev(99)}",
            $"compaction {s.Rev(5)} --physical", $"compaction {s.Rev(6)} -w json",
            "compaction", "compaction x", "compaction 1 2", $"get a1 --rev={s.Rev(5)}", $"get a1 --rev={s.Rev(6)}");
    }
}
