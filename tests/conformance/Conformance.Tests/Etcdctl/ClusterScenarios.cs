using System.Text.RegularExpressions;
using Conformance.Harness;
using EtcdApi.Etcdserverpb;

namespace Conformance.Etcdctl;

/// <summary>lease, lock, elect, endpoint, member and check (etcdctl §2.2, §2.4).</summary>
internal static partial class ClusterScenarios
{
    private static readonly string[] s_formats = ["simple", "json", "fields", "table"];

    public static IEnumerable<Scenario<EtcdctlSession>> All()
    {
        foreach (var format in s_formats)
            yield return new($"ctl-lease/{format}", s => Leases(s, format));
        yield return new("ctl-lease/keys", LeaseKeys);
        yield return new("ctl-lease/keep-alive", KeepAlive);
        yield return new("ctl-lease/missing", s => s.RunAll("lease revoke 1234", "lease timetolive 1234", "lease timetolive 1234 --keys -w json", "lease keep-alive --once 1234", "lease keep-alive 1234", "lease list"));
        yield return new("ctl-lease/short-ttl", s => s.RunAll("lease grant 1", "lease grant 0", "lease grant -- -1", "lease grant 9000000001"));
        yield return new("ctl-lease/usage", s => s.RunAll("lease grant", "lease grant x", "lease revoke", "lease revoke zz", "lease timetolive", "lease timetolive zz", "lease keep-alive", "lease keep-alive zz"));
        yield return new("ctl-lease/protobuf", async s =>
        {
            // etcdctl prints only the header's bytes here: its own type for the answer embeds it.
            await s.RunProtobuf(ResponseHeader.Parser, "lease list -w protobuf");
            await s.Run("lease grant 600 -w nonsense");
        });

        yield return new("ctl-lock/command", s => s.RunAll("lock l -- sh -c 'echo key $ETCD_LOCK_KEY; echo revision is $ETCD_LOCK_REV'", "get l --prefix", "lease list", "lock l -- sh -c 'echo again'"));
        yield return new("ctl-lock/failing-command", s => s.RunAll("lock l -- sh -c 'exit 3'", "get l --prefix", "lock l -- no-such-command-anywhere"));
        yield return new("ctl-lock/ttl", s => s.RunAll("lock l --ttl 30 -- etcdctl-is-not-here", "lock l --ttl 30 -- echo held", "lock l --ttl x -- echo held"));
        yield return new("ctl-lock/until-interrupted", async s =>
        {
            await s.RunWhile(1, "lock l", () => s.RunUntilLines(1, "lock other"));
            await s.RunAll("get l --prefix", "lease list");
        });
        yield return new("ctl-lock/hand-over", s => s.HandOver(1, "lock l", "lock l -- echo taken", "l/"));
        yield return new("ctl-lock/usage", s => s.Run("lock"));
        yield return new("ctl-elect/campaign", async s =>
        {
            await s.RunUntilLines(2, "elect e me");
            await s.RunAll("get e --prefix", "lease list");
        });
        yield return new("ctl-elect/listen", s => s.RunWhile(2, "elect e me", () => s.RunUntilLines(2, "elect e --listen")));
        yield return new("ctl-elect/hand-over", s => s.HandOver(2, "elect e first", "elect e second", "e/", waiterLines: 2));
        yield return new("ctl-elect/usage", s => s.RunAll("elect", "elect e", "elect e a b", "elect --listen e proposal"));

        foreach (var format in s_formats)
        {
            yield return new($"ctl-endpoint/status-{format}", s => s.RunAll($"endpoint status -w {format}", $"endpoint status --cluster -w {format}"));
            yield return new($"ctl-endpoint/health-{format}", s => s.RunAll($"endpoint health -w {format}", $"endpoint health --cluster -w {format}"));
            yield return new($"ctl-member/list-{format}", s => s.Run($"member list -w {format}"));
        }
        yield return new("ctl-member/list-hex", s => s.RunAll("member list --hex -w json", "member list --hex -w fields"));
        yield return new("ctl-member/list-protobuf", s => s.RunProtobuf(MemberListResponse.Parser, "member list -w protobuf"));
        yield return new("ctl-alarm/list", s => s.RunAll("alarm list", "alarm list -w json"));
    }

    /// <summary>The load test of etcdctl takes its fixed sixty seconds: a pair of its own runs it beside everything else.</summary>
    public static IEnumerable<Scenario<EtcdctlSession>> Load()
    {
        yield return new("ctl-check/perf", async s =>
        {
            await s.RunLoadCheck("check perf --load=s", TimeSpan.FromSeconds(300), WithoutVerdicts);
            await s.Run("get /etcdctl-check-perf/ --prefix --keys-only");
        });
        yield return new("ctl-check/usage", s => s.RunAll("check", "check perf --load=nonsense", "check datascale --load=nonsense"));
        yield return new("ctl-check/datascale", async s =>
        {
            await s.RunLoadCheck("check datascale --load=s", TimeSpan.FromSeconds(300), WithoutVerdicts);
            await s.Run("get /etcdctl-check-datascale/ --prefix --keys-only");
        });
    }

    // The progress bar is drawing; and whether the machine was quick enough while other tests ran says nothing about
    // the server's answers. What remains is that each verdict is given.
    private static string WithoutVerdicts(string output)
    {
        var lines = output.Split('\n', '\r').Select(line => line.Trim()).Where(line => VerdictLine().IsMatch(line));
        return string.Join('\n', lines.Select(line => Measure().Match(line).Value is { Length: > 0 } measure ? $"<verdict> on {measure}" : "<verdict>")) + "\n";
    }

    // The first verdict may share its line with the end of the bar. What was too slow or too uneven comes without PASS or FAIL.
    [GeneratedRegex(@"(PASS|FAIL)(: \S+|$)|Slowest request took too long|Stddev too high")]
    private static partial Regex VerdictLine();

    [GeneratedRegex("Throughput|Slowest|Stddev")]
    private static partial Regex Measure();

    private static async Task Leases(EtcdctlSession s, string format)
    {
        var id = (await s.Run("lease grant 600")).Split(' ')[1];
        await s.RunAll(
            $"lease grant 300 -w {format}", $"lease list -w {format}", $"lease timetolive {id} -w {format}", $"lease timetolive {id} --keys -w {format}",
            $"lease keep-alive --once {id} -w {format}", $"lease revoke {id} -w {format}", $"lease timetolive {id} -w {format}");
    }

    private static async Task LeaseKeys(EtcdctlSession s)
    {
        var id = (await s.Run("lease grant 600")).Split(' ')[1];
        await s.RunAll(
            $"put only v --lease={id}", $"lease timetolive {id} --keys", $"lease timetolive {id} --keys -w json", $"lease timetolive {id} --keys -w fields",
            $"lease revoke {id}", "get only", $"lease revoke {id}", $"put only v --lease={id}");
    }

    private static async Task KeepAlive(EtcdctlSession s)
    {
        // Kept alive every third of it: neither does it end between two commands, nor does a fourth line come before the interrupt, on a slow machine either.
        var id = (await s.Run("lease grant 9")).Split(' ')[1];
        await s.Run($"lease keep-alive --once {id}");
        await s.RunUntilLines(3, $"lease keep-alive {id}");
        await s.Run($"lease revoke {id}");
        await s.Run($"lease keep-alive {id}");
    }
}
