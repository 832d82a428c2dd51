using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Conformance.Harness;

/// <summary>
/// Removes from one session's answers what two correct servers may answer differently: identities, ports, and where
/// the revision (v3) or index (v2) stood when the scenario began.
/// </summary>
internal sealed class Normaliser
{
    // Every server is brought to at least this revision (v2: index) before its first scenario, so that small numbers
    // in answers are what the scenario itself sent, and larger ones are positions.
    public const long FirstPosition = 16;

    // A number further away from the origin than any scenario goes is no position either (the largest int64, say).
    private const long FarthestPosition = 1_000_000;

    private readonly List<(Regex Pattern, string Placeholder)> _hidden = [];
    private readonly string _positionName;
    private readonly long _began = Stopwatch.GetTimestamp();

    public Normaliser(Target target, string positionName)
    {
        _positionName = positionName;
        HideId(target.ClusterId, "<cluster>");
        HideId(target.MemberId, "<member>");
        Hide($"127.0.0.1:{target.ClientPort}", "<endpoint>");
        Hide($"127.0.0.1:{target.PeerPort}", "<peer>");
    }

    /// <summary>Revision or index at the scenario's start; later ones are shown relative to it.</summary>
    public long Origin { get; set; }

    /// <summary>
    /// Whether so many seconds can be what is left of a TTL that was given in this session: no more of it is gone than has passed since the session began, and the second
    /// that rounding takes.
    /// </summary>
    public bool CanBeLeft(long seconds, long ttlSeconds) =>
        seconds <= ttlSeconds && seconds >= ttlSeconds - 1 - (long)Math.Ceiling(Stopwatch.GetElapsedTime(_began).TotalSeconds);

    /// <summary>Replaces a literal (an id that only this server chose) from now on.</summary>
    public void Hide(string literal, string placeholder) =>
        _hidden.Add((new Regex($@"(?<![0-9a-zA-Z]){Regex.Escape(literal)}(?![0-9a-zA-Z])"), placeholder));

    /// <summary>Replaces an id from now on, in decimal and in hexadecimal: where programs print the latter 16 digits wide, a shorter one has spaces in front.</summary>
    public void HideId(ulong id, string placeholder)
    {
        Hide(id.ToString(), placeholder);
        var digits = id.ToString("x");
        if (digits.Length < 16)
            _hidden.Add((new Regex($"(?<= ) {{{16 - digits.Length}}}{digits}(?![0-9a-zA-Z])"), placeholder));
        Hide(digits, placeholder);
    }

    /// <summary>An absolute revision or index as <c>rev+3</c>; a number too small to be one stays.</summary>
    public string Position(long absolute)
    {
        var distance = absolute - Origin;
        if (absolute < FirstPosition || distance > FarthestPosition)
            return absolute.ToString();
        return distance < 0 ? $"{_positionName}{distance}" : $"{_positionName}+{distance}";
    }

    /// <summary>As <see cref="Position(long)"/>, for the group <c>n</c> of each match of the pattern.</summary>
    public string Positions(Regex pattern, string text) => pattern.Replace(text, match =>
    {
        var shown = match.Value;
        // From the last group to the first, so that earlier offsets stay valid.
        foreach (var number in match.Groups["n"].Captures.Reverse())
        {
            var at = number.Index - match.Index;
            shown = string.Concat(shown.AsSpan(0, at), Position(long.Parse(number.ValueSpan)), shown.AsSpan(at + number.Length));
        }
        return shown;
    });

    /// <summary>Replaces every hidden literal.</summary>
    public string Hidden(string text)
    {
        foreach (var (pattern, placeholder) in _hidden)
            text = pattern.Replace(text, placeholder);
        return text;
    }
}
