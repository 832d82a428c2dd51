using Conformance.Harness;
using EtcdApi.Etcdserverpb;

namespace Conformance.Etcdctl;

/// <summary>txn read from standard input: every target and operator, results in every format (etcdctl §2.3).</summary>
internal static class TxnScenarios
{
    public static IEnumerable<Scenario<EtcdctlSession>> All()
    {
        foreach (var (target, low, same, high) in ((string, string, string, string)[])[("ver", "1", "2", "3"), ("version", "0", "2", "9"), ("val", "a", "w", "z"), ("value", "", "w", "x"), ("lease", "0", "0", "7")])
            yield return new($"ctl-txn/compare-{target}", s => Compare(s, target, [low, same, high]));
        foreach (var target in (string[])["c", "create", "m", "mod"])
            yield return new($"ctl-txn/compare-{target}", s => Compare(s, target, [$"{s.Rev(0)}", $"{s.Rev(1)}", $"{s.Rev(2)}"]));
        yield return new("ctl-txn/results", s => Results(s, "simple"));
        foreach (var format in (string[])["json", "fields", "table"])
            yield return new($"ctl-txn/results-{format}", s => Results(s, format));
        yield return new("ctl-txn/results-protobuf", async s =>
        {
            await s.Run("put foo v");
            await s.RunProtobuf(TxnResponse.Parser, "txn -w protobuf", "ver(\"foo\") = \"1\"\n\nget foo\nput a b\ndel foo\n\nput c d\n\n");
        });
        yield return new("ctl-txn/empty", s => s.RunWithInput("\n\n\n", "txn"));
        yield return new("ctl-txn/no-compare", s => s.RunWithInput("\nput a b\nget a\n\n\n", "txn"));
        yield return new("ctl-txn/interactive-prompts", s => s.RunWithInput("ver(\"a\") = \"0\"\n\nput a b\n\nget a\n\n", "txn -i"));
        yield return new("ctl-txn/flags-in-operations", Flags);
        yield return new("ctl-txn/malformed", Malformed);
        yield return new("ctl-txn/server-errors", ServerErrors);
        yield return new("ctl-txn/quoting", async s =>
        {
            await s.RunWithInput("\nput \"a key\" \"a \\\"value\\\"\"\nput 'single' 'it is'\n\n\n", "txn");
            await s.Run("get '' --prefix");
        });
    }

    private static async Task Compare(EtcdctlSession s, string target, string[] operands)
    {
        await s.RunAll("put foo v", "put foo w");
        foreach (var comparison in (string[])["=", "!=", "<", ">"])
        {
            foreach (var operand in operands)
                await s.RunWithInput($"{target}(\"foo\") {comparison} \"{operand}\"\n\n\n\n", "txn");
            await s.RunWithInput($"{target}(\"missing\") {comparison} \"0\"\n\n\n\n", "txn");
        }
    }

    private static async Task Results(EtcdctlSession s, string format)
    {
        await s.RunAll("put foo v", "put foo2 w", "put bar x");
        var operations = "get foo\nput new value\ndel bar\nget foo --prefix\nput foo z --prev-kv\n";
        await s.RunWithInput($"ver(\"foo\") = \"1\"\nver(\"bar\") > \"0\"\n\n{operations}\n\n", $"txn -w {format}");
        await s.RunWithInput($"ver(\"foo\") = \"1\"\nver(\"bar\") > \"0\"\n\n{operations}\nget foo\nget missing\ndel missing\n\n", $"txn -w {format}");
        await s.Run("get '' --prefix");
    }

    private static async Task Flags(EtcdctlSession s)
    {
        await s.RunAll("put a1 3", "put a2 2", "put a3 1");
        await s.RunWithInput("\nget a --prefix --order=DESCEND\nget a --prefix --sort-by=VALUE\nget a --prefix --limit=1\nget a --prefix --keys-only\nget a1 --print-value-only\ndel a --prefix --prev-kv\n\n\n", "txn");
        await s.RunWithInput("\nget a --prefix --count-only\nput b 1 --prev-kv\n\n\n", "txn -w json");
    }

    private static async Task Malformed(EtcdctlSession s)
    {
        foreach (var input in (string[])[
            "bad(\"foo\") = \"0\"\n\n\n\n", "ver(\"foo\") ? \"0\"\n\n\n\n", "ver(\"foo\") = \"x\"\n\n\n\n", "ver(foo)\n\n\n\n",
            "nonsense\n\n\n\n", "\nnonsense foo\n\n\n", "\nget\n\n\n", "\nput a\n\n\n", "\nput a b --nonsense\n\n\n", "", "ver(\"foo\") = \"1\"\n"])
            await s.RunWithInput(input, "txn");
        await s.Run("txn extra");
    }

    private static async Task ServerErrors(EtcdctlSession s)
    {
        await s.RunWithInput("\nput a 1\nput a 2\n\n\n", "txn");
        await s.RunWithInput("\nput a 1\ndel a\n\n\n", "txn");
        await s.RunWithInput("\nput a 1 --lease=1234\n\n\n", "txn");
        await s.RunWithInput($"\nget a --rev={s.Rev(99)}\n\n\n", "txn");
        await s.RunWithInput("\nput missing --ignore-value\n\n\n", "txn");
        await s.RunWithInput("\n" + string.Concat(Enumerable.Range(0, 129).Select(i => $"put k{i} v\n")) + "\n\n", "txn");
        await s.RunWithInput("\n" + string.Concat(Enumerable.Range(0, 128).Select(i => $"put k{i} v\n")) + "\n\n", "txn");
    }
}
