using System.Globalization;
using System.Text.RegularExpressions;

namespace Conformance.Cluster;

/// <summary>
/// Removes from an answer about a cluster what two correct ones may answer differently. Each rule replaces only text of the expected shape.
/// </summary>
internal sealed partial class ClusterText
{
    private readonly List<(Regex Pattern, string Placeholder)> _hidden = [];
    private readonly HashSet<ulong> _known = [];

    /// <summary>Ports are the system's choice.</summary>
    public void HidePort(int port, string placeholder) => Hide($"127.0.0.1:{port}", placeholder);

    /// <summary>Ids follow from ports and from the time.</summary>
    public void HideId(ulong id, string placeholder)
    {
        if (!_known.Add(id))
            return;
        Hide(id.ToString(), placeholder);
        Hide(id.ToString("x"), placeholder);
        Hide(id.ToString("x16"), placeholder);
    }

    public string Show(string text)
    {
        foreach (var chunk in s_chunksOrderedById)
            text = InOrderOfNames(text, chunk);
        text = Hidden(text);
        text = RaftNumbers().Replace(text, "$1<n>");
        text = StatusLine().Replace(text, "$1, <size>, $2, <n>, <n>, <n>,");
        text = TableStatus().Replace(text, "$1 │ <size> │ $2 │ $3 │ <n> │ <n> │ <n> │");
        text = Duration().Replace(text, "$1<duration>");
        // A short id is padded to sixteen.
        text = PaddedId().Replace(text, "$1 <");
        text = Timestamp().Replace(text, "\"ts\":\"<time>\"");
        text = Pointer().Replace(text, "0x<pointer>");
        text = LocalAddress().Replace(text, "LocalAddr: '<local>'");
        // Client and server count the same time; who is first to say that it is over, and what the client was at then, is chance.
        text = DeadlineWords().Replace(text, "$1<the time is over>");
        // How often the client asks again until the time is over is its own affair.
        text = Attempt().Replace(text, "\"attempt\":<n>");
        text = RepeatedLog().Replace(text, "$1");
        // Its time ends during an attempt, which it logs, or between two.
        text = LastAttempt().Replace(text, "$1");
        // Members are compared in the order of their ids: which comparison was the last is chance.
        text = LastComparison().Replace(text, "last resolver error (<the last comparison>)");
        // The v2 client asks the members in an order of its own.
        text = WithoutLeader().Replace(text, "client: etcd member http://<some client> has no leader");
        // A column is as wide as its widest cell.
        return text.Contains('│', StringComparison.Ordinal) ? Dashes().Replace(Spaces().Replace(text, " "), "─") : text;
    }

    private void Hide(string literal, string placeholder) =>
        _hidden.Add((new Regex($@"(?<![0-9a-zA-Z]){Regex.Escape(literal)}(?![0-9a-zA-Z])"), placeholder));

    private string Hidden(string text)
    {
        foreach (var (pattern, placeholder) in _hidden)
            text = pattern.Replace(text, placeholder);
        return text;
    }

    // Lists of members, and what is asked of each of them, follow the ids: those are checked to ascend, and the list is then put in the order of the
    // names. A list in the wrong order stays as it is, and shows.
    private string InOrderOfNames(string text, Regex chunk)
    {
        var runs = new List<List<Match>>();
        foreach (Match match in chunk.Matches(text))
        {
            var end = runs.Count == 0 ? -1 : runs[^1][^1].Index + runs[^1][^1].Length;
            if (end >= 0 && match.Index - end == 1 && text[end] is '\n' or ',' or ' ')
                runs[^1].Add(match);
            else
                runs.Add([match]);
        }
        foreach (var run in Enumerable.Reverse(runs).Where(run => run.Count > 1 && Ascends(run)))
        {
            var separator = text[run[0].Index + run[0].Length];
            var ordered = string.Join(separator, run.Select(m => m.Value).OrderBy(value => NameIn(Hidden(value)), StringComparer.Ordinal));
            text = string.Concat(text.AsSpan(0, run[0].Index), ordered, text.AsSpan(run[^1].Index + run[^1].Length));
        }
        return text;
    }

    private static string NameIn(string hidden) => Name().Match(hidden).Groups["name"].Value;

    private static bool Ascends(List<Match> run)
    {
        var ids = run.Select(m => m.Groups["hex"].Success
            ? ulong.Parse(m.Groups["hex"].ValueSpan, NumberStyles.HexNumber)
            : m.Groups["decimal"].Success ? ulong.Parse(m.Groups["decimal"].ValueSpan) : 0).ToList();
        return ids.Zip(ids.Skip(1)).All(pair => pair.First <= pair.Second);
    }

    private static readonly Regex[] s_chunksOrderedById =
    [
        new("""^(?<hex>[0-9a-f]{5,16}), (?:un)?started, .*$""", RegexOptions.Multiline), // member list
        new("""^(?<hex>[0-9a-f]{5,16})(?:\[unstarted\])?: (?:name=\S* )?peerURLs=.*$""", RegexOptions.Multiline), // member list of v2
        new("""^(?:failed to check the health of member .*\n)?member [0-9a-f]{5,16} is .*$""", RegexOptions.Multiline), // cluster-health of v2
        new("""\{"ID":"?(?:(?<decimal>\d{5,20})|[0-9a-f]{5,16})"?(?:,[^{}]*)?\}"""), // member list -w json
        new("""^"ID" : (?:(?<decimal>\d{5,20})|0x[0-9a-f]+|"?[0-9a-f]+"?)\n(?:"(?:Name|PeerURL|ClientURL|IsLearner)" : .*\n)+""", RegexOptions.Multiline),
        new("""\{"Endpoint":"[^"]*","Status":\{"header":\{[^{}]*\}[^{}]*\}\}"""), // endpoint status -w json
        new("""^"ClusterID" : .*\n(?:"(?!ClusterID|ID|Endpoint).*\n)*"Endpoint" : .*\n""", RegexOptions.Multiline),
        new("""\{"endpoint":[^{}]*\}"""), // endpoint health -w json
        new("""^"Endpoint" : .*\n"Health" : .*\n"Took" : .*\n"Error" : .*\n""", RegexOptions.Multiline),
        new("""^│.*│$""", RegexOptions.Multiline), // rows of a table
        new("""^(?:http://)?127\.0\.0\.1:\d+(?: is |, ).*$""", RegexOptions.Multiline), // endpoint status, endpoint health
        new("""^Finished defragmenting etcd member\[http://127\.0\.0\.1:\d+\]$""", RegexOptions.Multiline), // defrag --cluster
        new("""&\{ID:[0-9a-f]+ RaftAttributes:\{[^{}]*\} Attributes:\{[^{}]*\}\}"""), // a refusal to join: in Go's order of a map, which is none
        new("""(?<=[",])\w+=http://127\.0\.0\.1:\d+"""), // ETCD_INITIAL_CLUSTER
    ];

    [GeneratedRegex("<(?:peer|client|id) (?<name>[a-z])>")]
    private static partial Regex Name();

    [GeneratedRegex("""
        ("(?:raft_term|raftTerm|raftIndex|raftAppliedIndex|dbSize|dbSizeInUse)":|"(?:RaftTerm|RaftIndex|RaftAppliedIndex|DBSize|DBSizeInUse)" : )[1-9]\d*
        """)]
    private static partial Regex RaftNumbers();

    [GeneratedRegex(@"(<id [a-z]>, [0-9.]+), [0-9.]+ [kM]B, ((?:true|false), (?:true|false)), [1-9]\d*, [1-9]\d*, [1-9]\d*,")]
    private static partial Regex StatusLine();

    [GeneratedRegex(@"(<id [a-z]> │ +[0-9.]+) │ +[0-9.]+ [kM]B │ +(true|false) │ +(true|false) │ +[1-9]\d* │ +[1-9]\d* │ +[1-9]\d* │")]
    private static partial Regex TableStatus();

    [GeneratedRegex("""
        (took = |"took":"|"Took" : |│ +(?:true|false) │ *)[0-9.]+(?:µs|ms|s)
        """)]
    private static partial Regex Duration();

    [GeneratedRegex("(Member|cluster) +<(?=id|cluster)")]
    private static partial Regex PaddedId();

    [GeneratedRegex("""
        "ts":"[^"]*"
        """)]
    private static partial Regex Timestamp();

    [GeneratedRegex("0x[0-9a-f]+")]
    private static partial Regex Pointer();

    [GeneratedRegex(@"LocalAddr: '127\.0\.0\.1:\d+'")]
    private static partial Regex LocalAddress();

    [GeneratedRegex("""
        (code = DeadlineExceeded desc = )(?:[^"\\]|\\.)*
        """)]
    private static partial Regex DeadlineWords();

    [GeneratedRegex("""
        "attempt":\d+
        """)]
    private static partial Regex Attempt();

    [GeneratedRegex("""
        (?m)^(\{"level":"warn".*\n)\1+
        """)]
    private static partial Regex RepeatedLog();

    [GeneratedRegex("""
        (?m)^(\{"level":"warn".*"attempt":<n>,"error":"rpc error: code = Unavailable .*\n)\{"level":"warn".*"attempt":<n>,"error":"rpc error: code = DeadlineExceeded .*\n
        """)]
    private static partial Regex LastAttempt();

    [GeneratedRegex("""
        last resolver error \(resolved urls: "[^"]*" != "[^"]*"\)
        """)]
    private static partial Regex LastComparison();

    [GeneratedRegex("client: etcd member http://<client [a-z]> has no leader")]
    private static partial Regex WithoutLeader();

    [GeneratedRegex(" +")]
    private static partial Regex Spaces();

    [GeneratedRegex("─+")]
    private static partial Regex Dashes();
}
