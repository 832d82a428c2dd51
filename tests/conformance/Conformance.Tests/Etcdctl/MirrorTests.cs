using Conformance.Harness;
using Conformance.V3;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;

namespace Conformance.Etcdctl;

/// <summary>
/// Goal: what <c>etcdctl make-mirror</c> copies from here to etcd, and from etcd to here, is what it should be, first and as it changes. Method: both directions with each of its
/// options about keys; the destination is compared with the source.
/// </summary>
public sealed class MirrorTests(V3Pair pair) : IClassFixture<V3Pair>
{
    internal static readonly IReadOnlyDictionary<string, (string Options, Func<string, string?> Map)> Options =
        new Dictionary<string, (string, Func<string, string?>)>
        {
            ["all"] = ("", static key => key),
            ["prefix"] = ("--prefix m/", static key => key.StartsWith("m/", StringComparison.Ordinal) ? key : null),
            ["dest-prefix"] = ("--prefix m/ --dest-prefix d/", static key => key.StartsWith("m/", StringComparison.Ordinal) ? "d/" + key[2..] : null),
            ["no-dest-prefix"] = ("--prefix m/ --no-dest-prefix", static key => key.StartsWith("m/", StringComparison.Ordinal) ? key[2..] : null),
        };

    public static IEnumerable<string> ScenarioNames => Options.Keys.SelectMany(static name => (string[])[$"ctl-mirror/{name}-to-etcd", $"ctl-mirror/{name}-from-etcd"]);

    public static TheoryData<string> Names => [.. ScenarioNames];

    [V3ScenarioTheory]
    [MemberData(nameof(Names))]
    public async Task Mirror_OfEachDirection_HoldsWhatTheSourceDoes(string name)
    {
        var (source, destination) = name.EndsWith("-to-etcd", StringComparison.Ordinal) ? (pair.Ours, pair.Etcd) : (pair.Etcd, pair.Ours);
        var (options, map) = Options[name.Split('/')[1].Replace("-to-etcd", "", StringComparison.Ordinal).Replace("-from-etcd", "", StringComparison.Ordinal)];
        await V3Store.EmptyAsync(source);
        await V3Store.EmptyAsync(destination);
        foreach (var key in (string[])["m/a", "m/b", "m/gone", "other"])
            await PutAsync(source, key, "first");
        await using var mirror = new EtcdctlProcess(
            source, ["make-mirror", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries), $"127.0.0.1:{destination.ClientPort}"], TimeSpan.FromSeconds(60));
        await SameAsync(source, destination, map, mirror);
        await PutAsync(source, "m/a", "second");
        await PutAsync(source, "m/c", "third");
        await PutAsync(source, "other", "fourth");
        await Rpc.Delete.CallAsync(source.Channel, new DeleteRangeRequest { Key = ByteString.CopyFromUtf8("m/gone") });
        await Rpc.Txn.CallAsync(source.Channel, new TxnRequest
        {
            Success =
            {
                new RequestOp { RequestPut = new PutRequest { Key = ByteString.CopyFromUtf8("m/d"), Value = ByteString.CopyFromUtf8("of a txn") } },
                new RequestOp { RequestPut = new PutRequest { Key = ByteString.CopyFromUtf8("m/e"), Value = ByteString.CopyFromUtf8("of a txn") } },
                new RequestOp { RequestDeleteRange = new DeleteRangeRequest { Key = ByteString.CopyFromUtf8("m/b") } },
            },
        });
        await SameAsync(source, destination, map, mirror);
        mirror.Interrupt();
        await mirror.ExitAsync();
    }

    // A mirror tells nobody how far it is.
    private static async Task SameAsync(Target source, Target destination, Func<string, string?> map, EtcdctlProcess mirror)
    {
        var expected = (await AllAsync(source)).Where(pair => map(pair.Key) is not null).Select(pair => (map(pair.Key), pair.Value)).Order().ToList();
        var deadline = DateTime.UtcNow.AddSeconds(40);
        while (!(await AllAsync(destination)).Select(pair => ((string?)pair.Key, pair.Value)).Order().SequenceEqual(expected))
        {
            if (DateTime.UtcNow > deadline)
                Assert.Fail($"expected {string.Join(' ', expected)}, there are {string.Join(' ', await AllAsync(destination))}; make-mirror said: {mirror.Output}");
            await Task.Delay(20);
        }
    }

    private static async Task<List<(string Key, string Value)>> AllAsync(Target target)
    {
        var all = ByteString.CopyFrom(0);
        var range = await Rpc.Range.CallAsync(target.Channel, new RangeRequest { Key = all, RangeEnd = all });
        return [.. range.Kvs.Select(static kv => (kv.Key.ToStringUtf8(), kv.Value.ToStringUtf8()))];
    }

    private static Task PutAsync(Target target, string key, string value) =>
        Rpc.Put.CallAsync(target.Channel, new PutRequest { Key = ByteString.CopyFromUtf8(key), Value = ByteString.CopyFromUtf8(value) });
}
