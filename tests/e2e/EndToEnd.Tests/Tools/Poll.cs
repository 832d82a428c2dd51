namespace EndToEnd.Tests.Tools;

/// <summary>Waiting for something that announces itself to nobody.</summary>
public static class Poll
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Asks again until the answer is not null; fails with <paramref name="what"/> after the deadline.</summary>
    public static async Task<T> UntilAsync<T>(string what, TimeSpan deadline, Func<Task<T?>> ask) where T : class
    {
        var end = DateTime.UtcNow + deadline;
        while (true)
        {
            if (await ask() is { } answer)
                return answer;
            if (DateTime.UtcNow > end)
                throw new TimeoutException($"waited {deadline.TotalSeconds} s for {what}");
            await Task.Delay(Pause);
        }
    }

    /// <summary>Asks again until it is true.</summary>
    public static Task UntilAsync(string what, TimeSpan deadline, Func<Task<bool>> isTrue) =>
        UntilAsync<object>(what, deadline, async () => await isTrue() ? what : null);
}
