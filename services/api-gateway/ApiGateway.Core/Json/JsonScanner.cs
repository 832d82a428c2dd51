namespace ApiGateway.Core.Json;

/// <summary>
/// Finds where a JSON value ends, byte by byte, and says of what is no JSON what Go's encoding/json says: that text reaches clients. One value; not thread-safe.
/// </summary>
/// <remarks>Takes what Go takes: any bytes above 0x1f within strings, whether they are UTF-8 or not.</remarks>
public sealed class JsonScanner
{
    // Go's own bound; beyond it the text is refused.
    private const int MaxDepth = 10_000;

    // Whether each open bracket is an object's. What follows the innermost one's latest value is decided by it and by _isKey.
    private readonly List<bool> _isObject = [];
    private State _state = State.Value;
    private bool _isKey;
    private string _literal = "";
    private int _count;

    private enum State
    {
        Value,
        ValueOrEnd,
        Key,
        KeyOrEnd,
        AfterValue,
        String,
        Escape,
        Hex,
        Minus,
        Zero,
        Digits,
        Point,
        Fraction,
        Exponent,
        ExponentSign,
        ExponentDigits,
        Literal,
        Done,
    }

    /// <summary>What is wrong; null while nothing is.</summary>
    public string? Error { get; private set; }

    /// <summary>The value is complete. A number of its own is so only once something follows it, or <see cref="End"/> was called.</summary>
    public bool IsDone => _state == State.Done;

    /// <summary>Whether anything but white space has come.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Looks at more bytes.</summary>
    /// <returns>How many of them belong to the value, or lie before it; all unless it is done or in error.</returns>
    public int Scan(ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            var isIncluded = Step(bytes[i]);
            if (IsDone || Error is not null)
                return isIncluded ? i + 1 : i;
        }
        return bytes.Length;
    }

    /// <summary>Nothing more comes. False: the value is cut short.</summary>
    public bool End()
    {
        if (Error is null && !IsDone)
            Step((byte)' ');
        return IsDone;
    }

    // False: the byte is behind the value that it ends.
    private bool Step(byte c)
    {
        if (!IsSpace(c))
            HasBegun = true;
        switch (_state)
        {
            case State.Value:
                return IsSpace(c) || BeginValue(c);
            case State.ValueOrEnd:
                return IsSpace(c) || (c == ']' ? Close() : BeginValue(c));
            case State.KeyOrEnd when c == '}':
                return Close();
            case State.Key or State.KeyOrEnd:
                return IsSpace(c) || (c == '"' ? BeginString(isKey: true) : Fail(c, "looking for beginning of object key string"));
            case State.AfterValue:
                return IsSpace(c) || Separate(c);
            case State.String:
                return c switch
                {
                    (byte)'"' => EndValue(),
                    (byte)'\\' => Go(State.Escape),
                    < 0x20 => Fail(c, "in string literal"),
                    _ => true,
                };
            case State.Escape:
                _count = 0;
                return c == 'u' ? Go(State.Hex)
                    : "bfnrt\\/\""u8.Contains(c) ? Go(State.String)
                    : Fail(c, "in string escape code");
            case State.Hex:
                if (!char.IsAsciiHexDigit((char)c))
                    return Fail(c, "in \\u hexadecimal character escape");
                return ++_count < 4 || Go(State.String);
            case State.Literal:
                if (c != _literal[_count])
                    return Fail(c, $"in literal {_literal} (expecting '{_literal[_count]}')");
                return ++_count < _literal.Length || EndValue();
            case State.Done:
                return false;
            default:
                return StepNumber(c);
        }
    }

    private bool StepNumber(byte c)
    {
        var isDigit = char.IsAsciiDigit((char)c);
        var isExponent = c is (byte)'e' or (byte)'E';
        switch (_state)
        {
            case State.Minus:
                return c == '0' ? Go(State.Zero) : isDigit ? Go(State.Digits) : Fail(c, "in numeric literal");
            case State.Digits when isDigit:
            case State.Fraction when isDigit:
            case State.ExponentDigits when isDigit:
                return true;
            case State.Zero or State.Digits when c == '.':
                return Go(State.Point);
            case State.Zero or State.Digits or State.Fraction when isExponent:
                return Go(State.Exponent);
            case State.Point:
                return isDigit ? Go(State.Fraction) : Fail(c, "after decimal point in numeric literal");
            case State.Exponent when c is (byte)'+' or (byte)'-':
                return Go(State.ExponentSign);
            case State.Exponent or State.ExponentSign:
                return isDigit ? Go(State.ExponentDigits) : Fail(c, "in exponent of numeric literal");
            default:
                // The number ended before this byte, which is looked at as what follows a value.
                EndValue();
                return !IsDone && Step(c);
        }
    }

    private bool BeginValue(byte c) => c switch
    {
        (byte)'{' => Open(isObject: true, State.KeyOrEnd, c),
        (byte)'[' => Open(isObject: false, State.ValueOrEnd, c),
        (byte)'"' => BeginString(isKey: false),
        (byte)'-' => Go(State.Minus),
        (byte)'0' => Go(State.Zero),
        >= (byte)'1' and <= (byte)'9' => Go(State.Digits),
        (byte)'t' => BeginLiteral("true"),
        (byte)'f' => BeginLiteral("false"),
        (byte)'n' => BeginLiteral("null"),
        _ => Fail(c, "looking for beginning of value"),
    };

    private bool Open(bool isObject, State state, byte c)
    {
        _isObject.Add(isObject);
        return _isObject.Count > MaxDepth ? Fail(c, "exceeded max depth") : Go(state);
    }

    private bool BeginString(bool isKey)
    {
        _isKey = isKey;
        return Go(State.String);
    }

    private bool BeginLiteral(string literal)
    {
        (_literal, _count) = (literal, 1);
        return Go(State.Literal);
    }

    private bool Separate(byte c)
    {
        if (!_isObject[^1])
            return c switch { (byte)',' => Go(State.Value), (byte)']' => Close(), _ => Fail(c, "after array element") };
        if (_isKey)
        {
            if (c != ':')
                return Fail(c, "after object key");
            _isKey = false;
            return Go(State.Value);
        }
        return c switch { (byte)',' => Go(State.Key), (byte)'}' => Close(), _ => Fail(c, "after object key:value pair") };
    }

    private bool Close()
    {
        _isObject.RemoveAt(_isObject.Count - 1);
        _isKey = false;
        return EndValue();
    }

    private bool EndValue() => Go(_isObject.Count == 0 ? State.Done : State.AfterValue);

    private bool Go(State state)
    {
        _state = state;
        return true;
    }

    private bool Fail(byte c, string where)
    {
        Error = $"invalid character {GoText.QuoteChar(c)} {where}";
        return true;
    }

    private static bool IsSpace(byte c) => c is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';
}
