using System.Globalization;
using System.Text.RegularExpressions;
using Conformance.Harness;

namespace Conformance.Etcdctl;

/// <summary>
/// Normalises etcdctl's words. Each rule replaces only text of the expected shape, so that a wrong shape shows.
/// </summary>
internal sealed partial class EtcdctlText(Normaliser normaliser)
{
    private readonly HashSet<long> _knownLeases = [];

    public string Show(string text)
    {
        NoteLeases(text);
        text = normaliser.Positions(Revision(), text);
        text = normaliser.Hidden(text);
        text = LeaseInKey().Replace(text, "/<lease>");
        text = RemainingTtl().Replace(text, NearlyGranted);
        text = RaftNumbers().Replace(text, "$1<n>");
        text = StatusLine().Replace(text, "$1, <size>, $2, <n>, <n>, <n>,");
        text = HashLine().Replace(text, "$1<hash>");
        text = Duration().Replace(text, "$1<duration>");
        text = ClientLog(text);
        return text.Contains('│', StringComparison.Ordinal) ? Table(text) : text;
    }

    // Ids that a server chose are hidden in each form in which they come back: sixteen hex digits, plain hex, decimal.
    private void NoteLeases(string text)
    {
        foreach (Match match in GrantedLease().Matches(text))
        {
            var id = match.Groups["hex"].Success
                ? long.Parse(match.Groups["hex"].ValueSpan, NumberStyles.HexNumber)
                : long.Parse(match.Groups["decimal"].ValueSpan);
            if (!_knownLeases.Add(id))
                continue;
            var placeholder = $"<lease {_knownLeases.Count}>";
            normaliser.Hide(id.ToString(), placeholder);
            normaliser.Hide(id.ToString("x16"), placeholder);
            normaliser.Hide(id.ToString("x"), placeholder);
        }
    }

    private string NearlyGranted(Match match)
    {
        var left = long.Parse(match.Groups["left"].ValueSpan);
        var granted = long.Parse(match.Groups["granted"].ValueSpan);
        return normaliser.CanBeLeft(left, granted)
            ? match.Value.Replace($"{match.Groups["before"]}{left}", $"{match.Groups["before"]}<a little less>", StringComparison.Ordinal)
            : match.Value;
    }

    // The client library logs a warning for a failed call; its time, addresses and ports are its own.
    private static string ClientLog(string text)
    {
        text = Timestamp().Replace(text, "\"ts\":\"<time>\"");
        text = Pointer().Replace(text, "0x<pointer>");
        return LocalAddress().Replace(text, "LocalAddr: '<local>'");
    }

    // A column is as wide as its widest cell, which may be a number that was replaced.
    private static string Table(string text)
    {
        text = TableRaftNumbers().Replace(text, "$1 │ <size> │ $2 │ $3 │ <n> │ <n> │ <n> │");
        text = Spaces().Replace(text, " ");
        return Dashes().Replace(text, "─");
    }

    [GeneratedRegex("""
        "(?:revision|create_revision|mod_revision|CompactRevision|compact_revision)":(?<n>\d+)|"(?:Revision|(?:Prev)?CreateRevision|(?:Prev)?ModRevision|CompactRevision)" : (?<n>\d+)|--rev[= ](?<n>\d+)|compaction (?<n>\d+)|compacted revision (?<n>\d+)|progress notify: (?<n>\d+)|(?:mod|create|m|c)\("[^"]*"\) [=<>!]+ "(?<n>\d+)"|revision is (?<n>\d+)|REVISION="?(?<n>\d+)
        """)]
    private static partial Regex Revision();

    [GeneratedRegex("""
        lease (?<hex>[0-9a-f]{16}) granted with TTL\(\d+s\)\n|\n(?<hex>[0-9a-f]{16})(?=\n)|"raft_term":\d+,"ID":(?<decimal>\d{10,19}),"TTL"|"RaftTerm" : \d+\n"ID" : (?<decimal>\d{10,19})\n"TTL"
        """)]
    private static partial Regex GrantedLease();

    [GeneratedRegex(@"/[0-9a-f]{12,16}\b")]
    private static partial Regex LeaseInKey();

    [GeneratedRegex("""
        TTL\((?<granted>\d+)s\), (?<before>remaining\()(?<left>\d+)s\)|(?<before>"ttl":)(?<left>\d+),"granted-ttl":(?<granted>\d+)|(?<before>"TTL" : )(?<left>\d+)\n"GrantedTTL" : (?<granted>\d+)
        """)]
    private static partial Regex RemainingTtl();

    [GeneratedRegex("""
        ("(?:raft_term|raftTerm|raftIndex|raftAppliedIndex|dbSize|dbSizeInUse)":|"(?:RaftTerm|RaftIndex|RaftAppliedIndex|DBSize|DBSizeInUse)" : )[1-9]\d*
        """)]
    private static partial Regex RaftNumbers();

    [GeneratedRegex(@"(<member>, [0-9.]+), [0-9.]+ [kM]B, ((?:true|false), (?:true|false)), [1-9]\d*, [1-9]\d*, [1-9]\d*,")]
    private static partial Regex StatusLine();

    [GeneratedRegex("""
        (took = |"took":"|"Took" : |│ +true │ *)[0-9.]+(?:µs|ms|s)
        """)]
    private static partial Regex Duration();

    // A hash covers absolute revisions, which differ between the two. Its value is compared where both start empty.
    [GeneratedRegex("""
        (<endpoint>, |"hash":|"Hash" : |<endpoint> │ +)[1-9]\d*(?=\n|,"|\}| +│\n)
        """)]
    private static partial Regex HashLine();

    /// <summary>Hash, number of keys and size of a snapshot are of the server's own; that they are there is compared.</summary>
    public static string WithoutFile(string text)
    {
        text = FileLine().Replace(text, "<hash>, <revision>, <keys>, <size>");
        text = FileJson().Replace(text, "\"$1\":<n>");
        text = FileFields().Replace(text, "\"$1\" : <n>");
        text = FileTable().Replace(text, "│ <hash> │ <revision> │ <keys> │ <size> │");
        return Digest().Replace(text, "[<digest>]");
    }

    [GeneratedRegex(@"^[0-9a-f]{1,8}, \d+, \d+, [0-9.]+ [kM]B$", RegexOptions.Multiline)]
    private static partial Regex FileLine();

    [GeneratedRegex("""
        "(hash|revision|totalKey|totalSize)":[1-9]\d*
        """)]
    private static partial Regex FileJson();

    [GeneratedRegex("""
        "(Hash|Revision|Keys|Size)" : [1-9]\d*
        """)]
    private static partial Regex FileFields();

    [GeneratedRegex(@"│ +[0-9a-f]{1,8} │ +\d+ │ +\d+ │ +[0-9.]+ [kM]B │")]
    private static partial Regex FileTable();

    [GeneratedRegex(@"\[\d+( \d+){31}\]")]
    private static partial Regex Digest();

    [GeneratedRegex("""
        "ts":"[^"]*"
        """)]
    private static partial Regex Timestamp();

    [GeneratedRegex(@"0x[0-9a-f]+")]
    private static partial Regex Pointer();

    [GeneratedRegex(@"LocalAddr: '127\.0\.0\.1:\d+'")]
    private static partial Regex LocalAddress();

    [GeneratedRegex(@"(<member> │ +[0-9.]+) │ +[0-9.]+ [kM]B │ +(true|false) │ +(true|false) │ +[1-9]\d* │ +[1-9]\d* │ +[1-9]\d* │")]
    private static partial Regex TableRaftNumbers();

    [GeneratedRegex(" +")]
    private static partial Regex Spaces();

    [GeneratedRegex("─+")]
    private static partial Regex Dashes();
}
