using Google.Protobuf;
using Storage.Contracts.Commands;

namespace ApiGateway.Core.V2;

/// <summary>Turns a checked request into the command of the state machine (v2 PUT decision table).</summary>
public static class V2WriteRule
{
    private const long NanosPerSecond = 1_000_000_000;

    /// <param name="method">PUT, POST or DELETE.</param>
    /// <param name="request">Checked parameters.</param>
    /// <param name="nowUnixNanos">The gateway's clock: a TTL becomes an absolute deadline here.</param>
    public static V2Write Command(string method, V2Request request, long nowUnixNanos)
    {
        var operation = Operation(method, request);
        var command = new V2Write
        {
            Operation = operation,
            Path = request.Path,
            Dir = request.Dir,
            Value = UnsafeByteOperations.UnsafeWrap(request.Value),
            PrevIndex = request.PrevIndex,
            Recursive = request.Recursive,
            // A refresh that may only create is an ordinary create with the empty value.
            Refresh = request.Refresh is true && operation != V2Write.Types.Operation.Create,
            // On a DELETE the parameter has no effect.
            NoValueOnSuccess = request.NoValueOnSuccess && method != "DELETE",
        };
        if (request.PrevValue is not null)
            command.PrevValue = UnsafeByteOperations.UnsafeWrap(request.PrevValue);
        if (request.TtlSeconds is { } seconds)
            command.ExpiresAtUnixNanos = Deadline(nowUnixNanos, seconds);
        return command;
    }

    private static V2Write.Types.Operation Operation(string method, V2Request request)
    {
        var compares = request.PrevValue is not null || request.PrevIndex != 0;
        return method switch
        {
            "POST" => V2Write.Types.Operation.CreateInOrder,
            "DELETE" => compares ? V2Write.Types.Operation.CompareAndDelete : V2Write.Types.Operation.Delete,
            _ => request.PrevExist switch
            {
                false => V2Write.Types.Operation.Create,
                true when !compares => V2Write.Types.Operation.Update,
                _ => compares ? V2Write.Types.Operation.CompareAndSwap : V2Write.Types.Operation.Set,
            },
        };
    }

    /// <summary>Deadlines beyond the range of the clock (the year 2262) are as good as its end.</summary>
    private static long Deadline(long nowUnixNanos, ulong seconds) =>
        seconds > (ulong)((long.MaxValue - nowUnixNanos) / NanosPerSecond)
            ? long.MaxValue
            : nowUnixNanos + ((long)seconds * NanosPerSecond);
}
