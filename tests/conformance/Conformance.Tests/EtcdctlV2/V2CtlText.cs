using System.Text.RegularExpressions;
using Conformance.Harness;
using Conformance.V2;

namespace Conformance.EtcdctlV2;

/// <summary>Normalises the words of etcdctl's v2 commands: indexes are shown relative, what is left of a TTL as a little less.</summary>
internal sealed partial class V2CtlText(Normaliser normaliser)
{
    private readonly V2Text _bodies = new(normaliser);

    public void ExpectTtl(long seconds) => _bodies.ExpectTtl(seconds);

    public string Show(string text)
    {
        text = normaliser.Positions(Index(), text);
        text = TtlLine().Replace(text, "TTL: <1000 or a little less>");
        return _bodies.Body(text);
    }

    [GeneratedRegex(@"(?:Created-Index|Modified-Index|Index): (?<n>\d+)|\) \[(?<n>\d+)\]|--(?:swap-with-index|after-index|with-index)[= ](?<n>\d+)|\[(?<n>\d+) != (?<n>\d+)\]|MODIFIED_INDEX=(?<n>\d+)|idx=(?<n>\d+)")]
    private static partial Regex Index();

    // The TTL of the scenarios, and what rounding and a slow machine make of it.
    [GeneratedRegex(@"TTL: (?:9[89]\d|1000)(?=\n)")]
    private static partial Regex TtlLine();
}
