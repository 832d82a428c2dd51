namespace Bench.Checks;

/// <summary><c>bench self-check</c>: the client's protocol code against byte sequences from the RFCs and against streams cut at every byte, and the sizes that `wal` compares.</summary>
internal static class SelfCheck
{
    private static readonly (string Name, Action Check)[] Checks =
    [
        ("HPACK: Huffman example of RFC 7541 C.4.1", HpackChecks.HuffmanExample),
        ("HPACK: Huffman padding that is not all ones is refused", HpackChecks.WrongPaddingIsRefused),
        ("HPACK: three responses with eviction, RFC 7541 C.5", HpackChecks.ResponsesWithEviction),
        ("HPACK: the same with Huffman, RFC 7541 C.6", HpackChecks.HuffmanResponsesWithEviction),
        ("HPACK: a missing index is refused", HpackChecks.MissingIndexIsRefused),
        ("HPACK: grpc-status and grpc-message from literals and from the table", HpackChecks.GrpcTrailers),
        ("HPACK: request headers shrink to indexes and stay decodable", HpackChecks.RequestHeadersAreIndexed),
        ("log: a group takes the bytes that it was asked to", LogGroupChecks.GroupsHaveTheirSize),
        ("HTTP/2: a unary call, its bytes cut everywhere", SessionChecks.UnaryCallCutEverywhere),
        ("HTTP/2: a message over several frames with padding", SessionChecks.MessageOverSeveralFrames),
        ("HTTP/2: a large request waits for both windows", SessionChecks.LargeRequestWaitsForWindows),
        ("HTTP/2: calls beyond the server's limit wait", SessionChecks.CallsBeyondLimitWait),
        ("HTTP/2: pings are answered, resets and bad frames reported", SessionChecks.PingsResetsAndBadFrames),
    ];

    /// <summary>Runs all checks; the exit code.</summary>
    public static int Run()
    {
        var failed = 0;
        foreach (var (name, check) in Checks)
        {
            try
            {
                check();
                Console.WriteLine($"ok      {name}");
            }
            catch (Exception e)
            {
                failed++;
                Console.WriteLine($"FAILED  {name}: {e.Message}");
            }
        }
        return failed == 0 ? 0 : 1;
    }

    /// <summary>Fails the check with both values when they differ.</summary>
    public static void Equal<T>(T expected, T actual, string what)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
            throw new BenchException($"{what}: expected {expected}, got {actual}");
    }

    /// <summary>Fails the check unless the action throws <typeparamref name="TException"/>.</summary>
    public static void Throws<TException>(Action action, string what)
        where TException : Exception
    {
        try
        {
            action();
        }
        catch (TException)
        {
            return;
        }
        throw new BenchException($"{what}: not refused");
    }
}
