namespace ApiGateway.Core.Requests;

/// <summary>How many keys the next piece of a streamed range gets, so that pieces become about as large as wanted, however large values are.</summary>
/// <param name="wantedBytes">Of a piece.</param>
public sealed class PageSize(int wantedBytes)
{
    private const int FirstKeys = 10;
    private const int MaxKeys = 65_536;

    /// <summary>Keys of the next piece.</summary>
    public int Keys { get; private set; } = FirstKeys;

    /// <summary>Takes notice of the size of the piece that had so many; between half and twice of what is wanted nothing changes.</summary>
    public void Observe(int bytes)
    {
        if (bytes < wantedBytes / 2)
            Keys = Math.Min(Keys * 2, MaxKeys);
        else if (bytes > 2L * wantedBytes)
            Keys = Math.Max(Keys / 2, 1);
    }
}
