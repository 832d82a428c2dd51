namespace WatchGuarantees.History;

/// <summary>What a watch asked for.</summary>
/// <param name="Key">First key.</param>
/// <param name="RangeEnd">As etcd's range_end: "" for the key alone, "\0" for all keys from it on.</param>
/// <param name="PreviousValue">Wants prev_kv.</param>
/// <param name="NoPut">Wants no puts.</param>
/// <param name="NoDelete">Wants no deletes.</param>
/// <param name="Fragment">Takes revisions in pieces.</param>
/// <param name="IsPath">v2: keys are paths, "\0" means all below as well, and whoever watches below a directory hears of its removal.</param>
/// <param name="LiveAfter">v2: where the store was when it was asked for. Of what came later it does not hear when that is hidden from where it watches, below a name that begins with '_'.</param>
public sealed record WatchScope(
    string Key, string RangeEnd = "", bool PreviousValue = false, bool NoPut = false, bool NoDelete = false, bool Fragment = false, bool IsPath = false,
    long LiveAfter = long.MaxValue)
{
    public bool Wants(in WatchEvent one) => Covers(one) && !(one.IsDelete ? NoDelete : NoPut);

    /// <summary>Without the filters.</summary>
    public bool Covers(in WatchEvent one) => IsPath ? CoversPath(one) : CoversKey(one.Key);

    // The root is never removed.
    private bool CoversPath(in WatchEvent one) =>
        one.Key == Key || (RangeEnd.Length > 0 && IsBelow(one.Key, Key) && (one.Revision <= LiveAfter || !IsHidden(one.Key)))
        || (one.IsDelete && one.Key != "/" && IsBelow(Key, one.Key));

    private static bool IsBelow(string path, string ancestor) => ancestor == "/" ? path.Length > 1 : path.StartsWith(ancestor + "/", StringComparison.Ordinal);

    private bool IsHidden(string below) => below[(Key == "/" ? 0 : Key.Length)..].Contains("/_", StringComparison.Ordinal);

    private bool CoversKey(string key) => RangeEnd switch
    {
        "" => key == Key,
        "\0" => string.CompareOrdinal(key, Key) >= 0,
        _ => string.CompareOrdinal(key, Key) >= 0 && string.CompareOrdinal(key, RangeEnd) < 0,
    };

    public override string ToString() =>
        (RangeEnd switch { "" => Key, "\0" => $"[{Key}, )", _ => $"[{Key}, {RangeEnd})" })
        + (PreviousValue ? " with prev_kv" : "") + (NoPut ? " without puts" : "") + (NoDelete ? " without deletes" : "") + (Fragment ? " in fragments" : "");
}
