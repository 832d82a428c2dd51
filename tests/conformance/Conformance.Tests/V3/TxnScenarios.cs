using Conformance.Harness;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using static Conformance.V3.Messages;
using static EtcdApi.Etcdserverpb.Compare.Types;

namespace Conformance.V3;

/// <summary>Txn: compares, validation, nesting and response headers (v3-semantics §2.4).</summary>
internal static class TxnScenarios
{
    private const int MaxTxnOps = 128;

    public static IEnumerable<Scenario<GrpcSession>> All()
    {
        foreach (var target in Enum.GetValues<CompareTarget>())
            yield return new($"txn/compare-{target}".ToLowerInvariant(), s => CompareTable(s, target));
        yield return new("txn/compare-missing-key", CompareMissing);
        yield return new("txn/compare-range", CompareRanges);
        yield return new("txn/compare-other-operand", CompareOtherOperand);
        yield return new("txn/compare-unknown-numbers", CompareUnknown);
        yield return new("txn/compare-all-must-hold", AllMustHold);
        yield return new("txn/empty", Empty);
        yield return new("txn/read-only", ReadOnly);
        yield return new("txn/headers", Headers);
        yield return new("txn/later-ops-see-earlier", LaterSeeEarlier);
        yield return new("txn/nested", Nested);
        yield return new("txn/too-many-operations", TooMany);
        yield return new("txn/nested-budget", NestedBudget);
        yield return new("txn/duplicate-keys", Duplicates);
        yield return new("txn/nested-duplicates", NestedDuplicates);
        yield return new("txn/validation", Validation);
        yield return new("txn/failing-operation-undoes-all", FailingOperation);
        yield return new("txn/ranges-at-revisions", RangesAtRevisions);
        yield return new("txn/negative-revisions", NegativeRevisions);
        yield return new("txn/several-errors", SeveralErrors);
        yield return new("txn/create-update-delete-idioms", Idioms);
    }

    private static Compare With(Compare compare, CompareTarget target, long number) => target switch
    {
        CompareTarget.Version => new Compare(compare) { Version = number },
        CompareTarget.Create => new Compare(compare) { CreateRevision = number },
        CompareTarget.Mod => new Compare(compare) { ModRevision = number },
        CompareTarget.Lease => new Compare(compare) { Lease = number },
        _ => new Compare(compare) { Value = B(number.ToString()) },
    };

    private static TxnRequest Test(params Compare[] compares) => new() { Compare = { compares } };

    private static async Task CompareTable(GrpcSession s, CompareTarget target)
    {
        await s.Grant(600, 500);
        await s.Put("k", "1");
        await s.Put("k", "500", 500);
        await s.Put("k2", "1");
        long[] operands = target is CompareTarget.Create or CompareTarget.Mod
            ? [0, s.Rev(0), s.Rev(1), s.Rev(2), s.Rev(3)]
            : [0, 1, 2, 3, 499, 500, 501];
        foreach (var result in Enum.GetValues<CompareResult>())
        {
            foreach (var operand in operands)
                await s.Txn(Test(With(If("k", target, result), target, operand)));
        }
    }

    private static async Task CompareMissing(GrpcSession s)
    {
        foreach (var target in Enum.GetValues<CompareTarget>())
        {
            foreach (var result in Enum.GetValues<CompareResult>())
            {
                await s.Txn(Test(If("missing", target, result)));
                await s.Txn(Test(With(If("missing", target, result), target, 0)));
                await s.Txn(Test(With(If("missing", target, result), target, 1)));
            }
        }
    }

    private static async Task CompareRanges(GrpcSession s)
    {
        await s.Put("r/1", "1");
        await s.Put("r/2", "1");
        await s.Put("r/2", "1");
        foreach (var (key, end) in ((string, string)[])[("r/", "r0"), ("r/2", "r0"), ("none/", "none0"), ("r0", "r/")])
        {
            foreach (var result in Enum.GetValues<CompareResult>())
            {
                await s.Txn(Test(new Compare { Key = B(key), RangeEnd = B(end), Target = CompareTarget.Version, Result = result, Version = 1 }));
                await s.Txn(Test(new Compare { Key = B(key), RangeEnd = B(end), Target = CompareTarget.Version, Result = result }));
                await s.Txn(Test(new Compare { Key = B(key), RangeEnd = B(end), Target = CompareTarget.Value, Result = result, Value = B("1") }));
            }
        }
        await s.Txn(Test(new Compare { Key = B("r/"), RangeEnd = FromKey, Target = CompareTarget.Create, Result = CompareResult.Greater, CreateRevision = s.Rev(0) }));
    }

    private static async Task CompareOtherOperand(GrpcSession s)
    {
        await s.Put("k", "");
        await s.Put("v", "x");
        foreach (var target in Enum.GetValues<CompareTarget>())
        {
            foreach (var result in Enum.GetValues<CompareResult>())
            {
                await s.Txn(Test(If("k", target, result)));
                await s.Txn(Test(new Compare { Key = B("v"), Target = target, Result = result, Value = B("x") }));
                await s.Txn(Test(new Compare { Key = B("v"), Target = target, Result = result, Version = 1 }));
            }
        }
    }

    private static async Task CompareUnknown(GrpcSession s)
    {
        await s.Put("k", "v");
        await s.Txn(Test(If("k", (CompareTarget)9, CompareResult.Equal)));
        await s.Txn(Test(If("k", CompareTarget.Version, (CompareResult)9)));
        await s.Txn(Test(If("k", CompareTarget.Value, (CompareResult)9)));
    }

    private static async Task AllMustHold(GrpcSession s)
    {
        await s.Put("k", "v");
        await s.Txn(new TxnRequest
        {
            Compare = { IfVersion("k", 1), IfVersion("missing", 0) },
            Success = { Op(PutOf("yes", "1")) },
            Failure = { Op(PutOf("no", "1")) },
        });
        await s.Txn(new TxnRequest
        {
            Compare = { IfVersion("k", 1), IfVersion("missing", 1) },
            Success = { Op(PutOf("yes", "2")) },
            Failure = { Op(PutOf("no", "2")) },
        });
        await s.Range(Get("a", "z"));
    }

    private static async Task Empty(GrpcSession s)
    {
        await s.Txn(new TxnRequest());
        await s.Txn(Then(Op(new TxnRequest())));
        await s.Txn(Test(IfVersion("missing", 1)));
        await s.Txn(Then(Op(Del("missing"))));
        await s.Put("k", "v");
    }

    private static async Task ReadOnly(GrpcSession s)
    {
        await s.Put("a", "1");
        await s.Put("b", "2");
        await s.Txn(Then(Op(Get("a", "z")), Op(Get("b")), Op(Get("missing"))));
        await s.Txn(Then(Op(new RangeRequest { Key = B("a"), Serializable = true }), Op(new RangeRequest { Key = B("b"), Serializable = true })));
        await s.Txn(Then(Op(new RangeRequest { Key = B("a"), RangeEnd = B("z"), Limit = 1 }), Op(new RangeRequest { Key = B("a"), RangeEnd = B("z"), CountOnly = true })));
        await s.Txn(Then(Op(Then(Op(Get("a"))))));
    }

    private static async Task Headers(GrpcSession s)
    {
        await s.Put("a", "1");
        await s.Txn(Then(
            Op(Get("a")),
            Op(PutOf("b", "2")),
            Op(Get("a")),
            Op(Del("a")),
            Op(Get("a", "z")),
            Op(Then(Op(PutOf("c", "3")), Op(Get("c"))))));
        await s.Txn(Then(Op(Get("b")), Op(Del("missing")), Op(Get("b"))));
        await s.Range(Get("a", "z"));
    }

    private static async Task LaterSeeEarlier(GrpcSession s)
    {
        await s.Put("a", "old");
        await s.Txn(Then(
            Op(new PutRequest { Key = B("a"), Value = B("new"), PrevKv = true }),
            Op(Get("a")),
            Op(new PutRequest { Key = B("b"), Value = B("1"), PrevKv = true }),
            Op(new RangeRequest { Key = B("a"), RangeEnd = B("z") })));
        await s.Txn(Then(
            Op(new DeleteRangeRequest { Key = B("a"), RangeEnd = B("z"), PrevKv = true }),
            Op(new DeleteRangeRequest { Key = B("a"), RangeEnd = B("z"), PrevKv = true }),
            Op(Get("a", "z"))));
        await s.Range(new RangeRequest { Key = B("a"), RangeEnd = B("z"), Revision = s.Rev(1) });
        await s.Range(new RangeRequest { Key = B("a"), RangeEnd = B("z"), Revision = s.Rev(2) });
    }

    private static async Task Nested(GrpcSession s)
    {
        await s.Put("k", "1");
        await s.Txn(new TxnRequest
        {
            Compare = { IfVersion("k", 1) },
            Success =
            {
                Op(new TxnRequest
                {
                    Compare = { IfVersion("k", 2) },
                    Success = { Op(PutOf("wrong", "x")) },
                    Failure = { Op(PutOf("k", "2")), Op(Then(Op(PutOf("deep", "3")), Op(Get("k")))) },
                }),
                Op(Get("k", "z")),
            },
        });
        // A nested compare sees what the outer transaction wrote before it.
        await s.Txn(Then(
            Op(PutOf("seen", "1")),
            Op(new TxnRequest { Compare = { IfVersion("seen", 1) }, Success = { Op(Get("seen")) }, Failure = { Op(Get("deep")) } })));
        await s.Range(Get("a", "z"));
    }

    private static async Task TooMany(GrpcSession s)
    {
        var reads = Enumerable.Range(0, MaxTxnOps + 1).Select(i => Op(new RangeRequest { Key = B($"k{i}"), CountOnly = true })).ToArray();
        var compares = Enumerable.Range(0, MaxTxnOps + 1).Select(i => IfVersion($"k{i}", 0)).ToArray();
        await s.Txn(new TxnRequest { Success = { reads } });
        await s.Txn(new TxnRequest { Failure = { reads } });
        await s.Txn(new TxnRequest { Compare = { compares } });
        await s.Txn(new TxnRequest { Compare = { compares[1..] }, Failure = { reads[1..] } });
        await s.Txn(new TxnRequest { Success = { reads[1..] } });
    }

    private static async Task NestedBudget(GrpcSession s)
    {
        TxnRequest Reads(int count) => new() { Success = { Enumerable.Range(0, count).Select(i => Op(new RangeRequest { Key = B($"k{i}"), CountOnly = true })) } };
        foreach (var inner in (int[])[126, 127, 128])
            await s.Txn(Then(Op(Reads(inner))));
        foreach (var inner in (int[])[120, 121])
            await s.Txn(Then(Op(Get("a")), Op(Get("b")), Op(Get("c")), Op(Get("d")), Op(Get("e")), Op(Get("f")), Op(Get("g")), Op(Reads(inner))));
    }

    private static async Task Duplicates(GrpcSession s)
    {
        await s.Txn(Then(Op(PutOf("k", "1")), Op(PutOf("k", "2"))));
        await s.Txn(Then(Op(PutOf("k", "1")), Op(Del("k"))));
        await s.Txn(Then(Op(Del("k")), Op(PutOf("k", "1"))));
        await s.Txn(Then(Op(Del("a", "z")), Op(PutOf("k", "1"))));
        await s.Txn(Then(Op(PutOf("k", "1")), Op(new DeleteRangeRequest { Key = B("a"), RangeEnd = FromKey })));
        await s.Txn(Then(Op(PutOf("a", "1")), Op(PutOf("b", "1")), Op(PutOf("a", "2"))));
        await s.Txn(new TxnRequest { Failure = { Op(PutOf("k", "1")), Op(PutOf("k", "2")) } });
        s.Note("allowed:");
        await s.Txn(Then(Op(Del("a", "c")), Op(Del("b", "d"))));
        await s.Txn(Then(Op(Del("a", "c")), Op(Del("a", "c")), Op(PutOf("c", "1"))));
        await s.Txn(new TxnRequest { Success = { Op(PutOf("k", "1")) }, Failure = { Op(PutOf("k", "2")) } });
        await s.Txn(Then(Op(Get("k")), Op(PutOf("k", "1")), Op(Get("a", "z"))));
        await s.Txn(Then(Op(PutOf("k", "1")), Op(Del("l", "k"))));
    }

    private static async Task NestedDuplicates(GrpcSession s)
    {
        var putK = Op(PutOf("k", "1"));
        await s.Txn(Then(putK, Op(Then(putK))));
        await s.Txn(Then(Op(Then(putK)), putK));
        await s.Txn(Then(Op(Then(putK)), Op(Then(putK))));
        await s.Txn(Then(Op(Then(Op(Del("a", "z")))), putK));
        await s.Txn(Then(putK, Op(new TxnRequest { Failure = { Op(Del("k")) } })));
        s.Note("allowed:");
        await s.Txn(Then(Op(new TxnRequest { Success = { putK }, Failure = { putK } })));
        await s.Txn(Then(Op(Then(Op(Del("k")))), Op(Then(Op(Del("a", "z"))))));
    }

    private static async Task Validation(GrpcSession s)
    {
        await s.Txn(Test(new Compare()));
        await s.Txn(Then(Op(Get(""))));
        await s.Txn(Then(Op(PutOf("", "v"))));
        await s.Txn(Then(Op(Del(""))));
        await s.Txn(Then(new RequestOp()));
        await s.Txn(new TxnRequest { Failure = { new RequestOp() } });
        await s.Txn(Then(Op(new PutRequest { Key = B("k"), Value = B("v"), IgnoreValue = true })));
        await s.Txn(Then(Op(new PutRequest { Key = B("k"), Lease = 1, IgnoreLease = true })));
        await s.Txn(Then(Op(Then(Op(Get(""))))));
        await s.Txn(Then(Op(Then(new RequestOp()))));
        await s.Txn(Then(Op(Test(new Compare()))));
        await s.Txn(new TxnRequest { Compare = { new Compare() }, Success = { Op(PutOf("", "v")) } });
    }

    private static async Task FailingOperation(GrpcSession s)
    {
        await s.Put("k", "old");
        await s.Txn(Then(Op(PutOf("k", "new")), Op(new PutRequest { Key = B("l"), Value = B("v"), Lease = 424242 })));
        await s.Txn(Then(Op(PutOf("k", "new")), Op(new PutRequest { Key = B("missing"), IgnoreValue = true })));
        await s.Txn(Then(Op(PutOf("k", "new")), Op(new PutRequest { Key = B("missing"), Value = B("v"), IgnoreLease = true })));
        await s.Txn(Then(Op(PutOf("k", "new")), Op(new RangeRequest { Key = B("a"), Revision = s.Rev(99) })));
        await s.Txn(Then(Op(PutOf("k", "new")), Op(Then(Op(new PutRequest { Key = B("l"), Value = B("v"), Lease = 424242 })))));
        s.Note("the branch not taken is not checked against the store:");
        await s.Txn(new TxnRequest { Success = { Op(Get("k")) }, Failure = { Op(new PutRequest { Key = B("l"), Value = B("v"), Lease = 424242 }) } });
        await s.Range(Get("a", "z"));
    }

    private static async Task RangesAtRevisions(GrpcSession s)
    {
        await s.Put("k", "1");
        await s.Put("k", "2");
        await s.Put("k", "3");
        await s.Txn(Then(Op(new RangeRequest { Key = B("k"), Revision = s.Rev(2) }), Op(new RangeRequest { Key = B("k"), Revision = s.Rev(1) })));
        await s.Txn(Then(Op(PutOf("k", "4")), Op(new RangeRequest { Key = B("k"), Revision = s.Rev(3) }), Op(Get("k"))));
        await s.Txn(Then(Op(new RangeRequest { Key = B("k"), Revision = s.Rev(9) })));
        await s.Compact(s.Rev(3));
        await s.Txn(Then(Op(new RangeRequest { Key = B("k"), Revision = s.Rev(2) })));
        await s.Txn(Then(Op(PutOf("k", "5")), Op(new RangeRequest { Key = B("k"), Revision = s.Rev(2) })));
        await s.Range(Get("k"));
    }

    private static async Task NegativeRevisions(GrpcSession s)
    {
        async Task Read()
        {
            foreach (var revision in (long[])[-1, -2, long.MinValue])
            {
                var range = new RangeRequest { Key = B("k"), Revision = revision };
                await s.Range(range);
                await s.Txn(Then(Op(range)));
                await s.Txn(Then(Op(PutOf("l", "1")), Op(range)));
            }
        }
        await s.Put("k", "1");
        await s.Put("k", "2");
        await Read();
        await s.Compact(s.Rev(2));
        await Read();
    }

    // Which of them is reported: what a put lacks comes before what a range asks for.
    private static async Task SeveralErrors(GrpcSession s)
    {
        await s.Put("k", "1");
        await s.Put("k", "2");
        await s.Compact(s.Rev(2));
        var lacksBoth = new PutRequest { Key = B("n"), Lease = 424242, IgnoreValue = true };
        var future = Op(new RangeRequest { Key = B("k"), Revision = s.Rev(99) });
        var compacted = Op(new RangeRequest { Key = B("k"), Revision = s.Rev(1) });
        var missing = Op(new PutRequest { Key = B("missing"), IgnoreValue = true });
        var noLease = Op(new PutRequest { Key = B("l"), Lease = 424242 });
        await s.Txn(Then(future, missing));
        await s.Txn(Then(future, compacted));
        await s.Txn(Then(compacted, future));
        await s.Txn(Then(noLease, missing));
        await s.Txn(Then(missing, noLease));
        await s.Txn(Then(future, Op(Then(Op(new PutRequest { Key = B("m"), Lease = 424242 })))));
        await s.Txn(Then(Op(Then(future)), missing));
        await s.Put(lacksBoth);
        await s.Txn(Then(Op(lacksBoth)));
        await s.Range(Get("a", "z"));
    }

    // How Kubernetes writes (v3-semantics §10).
    private static async Task Idioms(GrpcSession s)
    {
        Compare IfMod(long revision) => new() { Key = B("/registry/x"), Target = CompareTarget.Mod, Result = CompareResult.Equal, ModRevision = revision };
        var read = Op(Get("/registry/x"));
        var create = new TxnRequest { Compare = { IfMod(0) }, Success = { Op(PutOf("/registry/x", "1")) }, Failure = { read } };
        await s.Txn(create);
        await s.Txn(create);
        await s.Txn(new TxnRequest { Compare = { IfMod(s.Rev(1)) }, Success = { Op(PutOf("/registry/x", "2")) }, Failure = { read } });
        await s.Txn(new TxnRequest { Compare = { IfMod(s.Rev(1)) }, Success = { Op(PutOf("/registry/x", "3")) }, Failure = { read } });
        await s.Txn(new TxnRequest { Compare = { IfMod(s.Rev(1)) }, Success = { Op(Del("/registry/x")) }, Failure = { read } });
        await s.Txn(new TxnRequest { Compare = { IfMod(s.Rev(2)) }, Success = { Op(Del("/registry/x")) }, Failure = { read } });
        await s.Txn(create);
    }
}
