using System.Globalization;

namespace ApiGateway.Core.V2;

/// <summary>Reads the parameters of a request on /v2/keys, in the order in which etcd checks them: the first error is the answer.</summary>
public static class V2RequestParser
{
    /// <summary>Null on success; otherwise the error (index 0).</summary>
    /// <param name="method">GET, HEAD, PUT, POST or DELETE.</param>
    /// <param name="path">Clean node path.</param>
    /// <param name="form">Query and body.</param>
    /// <param name="request">The parameters; null on an error.</param>
    public static V2Error? Parse(string method, string path, FormValues form, out V2Request? request)
    {
        request = null;
        ulong prevIndex = 0, waitIndex = 0;
        if (!TryUnsigned(form, "prevIndex", ref prevIndex)) return NotANumber("prevIndex");
        if (!TryUnsigned(form, "waitIndex", ref waitIndex)) return NotANumber("waitIndex");

        bool recursive = false, sorted = false, wait = false, dir = false, quorum = false, stream = false;
        if (!TryBool(form, "recursive", ref recursive)) return BadField("recursive");
        if (!TryBool(form, "sorted", ref sorted)) return BadField("sorted");
        if (!TryBool(form, "wait", ref wait)) return BadField("wait");
        if (!TryBool(form, "dir", ref dir)) return BadField("dir");
        if (!TryBool(form, "quorum", ref quorum)) return BadField("quorum");
        if (!TryBool(form, "stream", ref stream)) return BadField("stream");
        if (wait && method != "GET")
            return new V2Error(V2Errors.InvalidField, "\"wait\" can only be used with GET requests", 0);

        var prevValue = form.FindBytes("prevValue");
        if (prevValue is [])
            return new V2Error(V2Errors.PrevValueRequired, "\"prevValue\" cannot be empty", 0);
        var noValueOnSuccess = false;
        if (!TryBool(form, "noValueOnSuccess", ref noValueOnSuccess)) return BadField("noValueOnSuccess");

        ulong? ttlSeconds = null;
        if (form.Find("ttl") is { Length: > 0 } ttl)
        {
            if (!TryUnsigned(ttl, out var seconds))
                return new V2Error(V2Errors.TtlNaN, "invalid value for \"ttl\"", 0);
            ttlSeconds = seconds;
        }
        // These two are named without quotes in etcd's answers.
        if (!TryOptionalBool(form, "prevExist", out var prevExist))
            return new V2Error(V2Errors.InvalidField, "invalid value for prevExist", 0);
        if (!TryOptionalBool(form, "refresh", out var refresh))
            return new V2Error(V2Errors.InvalidField, "invalid value for refresh", 0);

        var value = form.FindBytes("value") ?? [];
        if (refresh is true && value.Length > 0)
            return new V2Error(V2Errors.RefreshValue, "A value was provided on a refresh", 0);
        if (refresh is true && ttlSeconds is null)
            return new V2Error(V2Errors.RefreshTtlRequired, "No TTL value set", 0);

        request = new V2Request(
            path, value, ttlSeconds, dir, prevExist, prevValue, prevIndex, recursive, sorted, wait, waitIndex, stream, quorum, refresh,
            noValueOnSuccess);
        return null;
    }

    private static V2Error NotANumber(string name) => new(V2Errors.IndexNaN, $"invalid value for \"{name}\"", 0);

    private static V2Error BadField(string name) => new(V2Errors.InvalidField, $"invalid value for \"{name}\"", 0);

    private static bool TryUnsigned(FormValues form, string name, ref ulong value) =>
        form.Find(name) is not { } text || TryUnsigned(text, out value);

    /// <summary>Decimal digits and nothing else.</summary>
    private static bool TryUnsigned(string text, out ulong value) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    private static bool TryBool(FormValues form, string name, ref bool value)
    {
        if (!TryOptionalBool(form, name, out var given))
            return false;
        value = given ?? value;
        return true;
    }

    private static bool TryOptionalBool(FormValues form, string name, out bool? value)
    {
        value = form.Find(name) switch
        {
            "1" or "t" or "T" or "TRUE" or "true" or "True" => true,
            "0" or "f" or "F" or "FALSE" or "false" or "False" => false,
            _ => null,
        };
        return value is not null || form.Find(name) is null;
    }
}
