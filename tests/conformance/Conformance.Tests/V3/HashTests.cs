using Conformance.Harness;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;

namespace Conformance.V3;

/// <summary>
/// Goal: HashKV is etcd's to the bit, so members of both would agree. Method: the same seeded operations and compactions on both from an empty store, the
/// hash at many revisions compared.
/// </summary>
public sealed class HashTests
{
    private const int Operations = 120, Keys = 9;

    private static readonly ByteString s_all = ByteString.CopyFrom(0);

    [V3ScenarioTheory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task HashKv_SameHistory_IsEtcds(int seed)
    {
        await using var etcd = await Target.StartAsync(ServerProgram.Etcd35());
        await using var ours = await Target.StartAsync(ServerProgram.Candidate(ServerProgram.Etcd35));
        var random = new Random(seed);
        var compacted = 0L;
        for (var n = 0; n < Operations; n++)
        {
            var revision = await BothAsync(random.Next());
            if (n % 10 == 5)
            {
                Assert.Equal(await HashAsync(etcd, 0), await HashAsync(ours, 0));
                // Not at the compacted revision itself: there etcd 3.5 answers with what it noted before it compacted.
                var at = random.NextInt64(compacted + 1, revision + 1);
                Assert.Equal(await HashAsync(etcd, at), await HashAsync(ours, at));
            }
            if (n % 30 == 29)
            {
                compacted = random.NextInt64(compacted + 1, revision + 1);
                foreach (var target in (Target[])[etcd, ours])
                    await Rpc.Compact.CallAsync(target.Channel, new CompactionRequest { Revision = compacted, Physical = true });
            }
        }

        async Task<long> BothAsync(int choice)
        {
            var reference = await ApplyAsync(etcd, choice);
            Assert.Equal(reference, await ApplyAsync(ours, choice));
            return reference;
        }
    }

    private static async Task<long> ApplyAsync(Target target, int choice)
    {
        var random = new Random(choice);
        var key = ByteString.CopyFromUtf8($"k{random.Next(Keys)}");
        switch (random.Next(8))
        {
            case 0 or 1:
                return (await Rpc.Delete.CallAsync(target.Channel, new DeleteRangeRequest { Key = key })).Header.Revision;
            case 2:
                var txn = new TxnRequest
                {
                    Success =
                    {
                        new RequestOp { RequestPut = new PutRequest { Key = key, Value = ByteString.CopyFromUtf8("t") } },
                        new RequestOp { RequestPut = new PutRequest { Key = ByteString.CopyFromUtf8("x"), Value = key } },
                    },
                };
                return (await Rpc.Txn.CallAsync(target.Channel, txn)).Header.Revision;
            case 3 when random.Next(4) == 0:
                return (await Rpc.Delete.CallAsync(target.Channel, new DeleteRangeRequest { Key = s_all, RangeEnd = s_all })).Header.Revision;
            default:
                var put = new PutRequest { Key = key, Value = ByteString.CopyFromUtf8(new string('v', random.Next(300))) };
                return (await Rpc.Put.CallAsync(target.Channel, put)).Header.Revision;
        }
    }

    private static async Task<string> HashAsync(Target target, long revision)
    {
        var answer = await Rpc.HashKV.CallAsync(target.Channel, new HashKVRequest { Revision = revision });
        return $"{answer.Hash:x} compacted at {answer.CompactRevision}, header {answer.Header.Revision}";
    }
}
