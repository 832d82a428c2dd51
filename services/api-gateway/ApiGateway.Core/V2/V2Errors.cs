using System.Globalization;

namespace ApiGateway.Core.V2;

/// <summary>A v2 error as the client sees it. The message follows from the code.</summary>
/// <param name="Code">100, 101, ...: see <see cref="V2Errors"/>.</param>
/// <param name="Cause">Left out of the body when empty.</param>
/// <param name="Index">v2 index at that moment; 0 for refusals before the store was asked.</param>
public readonly record struct V2Error(int Code, string Cause, ulong Index);

/// <summary>The v2 error codes: their messages, their HTTP statuses, their JSON body.</summary>
public static class V2Errors
{
    public const int Unauthorized = 110;
    public const int PrevValueRequired = 201;
    public const int TtlNaN = 202;
    public const int IndexNaN = 203;
    public const int InvalidField = 209;
    public const int InvalidForm = 210;
    public const int RefreshValue = 211;
    public const int RefreshTtlRequired = 212;
    public const int RaftInternal = 300;
    public const int LeaderElection = 301;
    public const int EventIndexCleared = 401;

    /// <summary>Message of a code; "" for an unknown one.</summary>
    public static string Message(int code) => code switch
    {
        100 => "Key not found",
        101 => "Compare failed",
        102 => "Not a file",
        103 => "Reached the max number of peers in the cluster",
        104 => "Not a directory",
        105 => "Key already exists",
        106 => "The prefix of given key is a keyword in etcd",
        107 => "Root is read only",
        108 => "Directory not empty",
        109 => "Peer address has existed",
        110 => "The request requires user authentication",
        200 => "Value is Required in POST form",
        201 => "PrevValue is Required in POST form",
        202 => "The given TTL in POST form is not a number",
        203 => "The given index in POST form is not a number",
        204 => "Value or TTL is required in POST form",
        205 => "The given timeout in POST form is not a number",
        206 => "Name is required in POST form",
        207 => "Index or value is required",
        208 => "Index and value cannot both be specified",
        209 => "Invalid field",
        210 => "Invalid POST form",
        211 => "Value provided on refresh",
        212 => "A TTL must be provided on refresh",
        300 => "Raft Internal Error",
        301 => "During Leader Election",
        400 => "watcher is cleared due to etcd recovery",
        401 => "The event in requested index is outdated and cleared",
        402 => "Standby Internal Error",
        403 => "Invalid active size",
        404 => "Standby remove delay",
        500 => "Client Internal Error",
        _ => "",
    };

    /// <summary>HTTP status of a code.</summary>
    public static int HttpStatus(int code) => code switch
    {
        100 => 404,
        101 or 105 => 412,
        102 or 108 => 403,
        110 => 401,
        300 or 301 => 500,
        _ => 400,
    };

    /// <summary>The JSON body, its line end included.</summary>
    public static string Body(in V2Error error)
    {
        var cause = error.Cause.Length == 0 ? "" : $",\"cause\":{GoJson.Quote(error.Cause)}";
        return string.Create(CultureInfo.InvariantCulture,
            $"{{\"errorCode\":{error.Code},\"message\":{GoJson.Quote(Message(error.Code))}{cause},\"index\":{error.Index}}}\n");
    }
}
