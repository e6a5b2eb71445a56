%% Prints the definitions of the broker's users: one a file of RABBITMQ_USERS_DIR (name and content: user and password),
%% else the one of RABBITMQ_USER and RABBITMQ_PASSWORD. Passwords are hashed here (salted SHA-256, RabbitMQ's own way).
%% Ends with 1 and a sentence where there is none, and where a password is an example's.

main([]) ->
    Users = case in_folder(os:getenv("RABBITMQ_USERS_DIR", "")) of
        [] -> from_environment(os:getenv("RABBITMQ_USER"), os:getenv("RABBITMQ_PASSWORD"));
        Found -> Found
    end,
    Everything = <<".*">>,
    io:put_chars(json:encode(#{
        vhosts => [#{name => <<"/">>}],
        users => [user(Name, Password, Tags) || {Name, Password, Tags} <- Users],
        permissions => [#{user => Name, vhost => <<"/">>, configure => Everything, write => Everything, read => Everything}
                        || {Name, _, _} <- Users]
    })).

%% A mounted Secret has links and folders of its own, whose names begin with a dot.
in_folder(Folder) ->
    Names = case file:list_dir(Folder) of {ok, List} -> lists:sort(List); {error, _} -> [] end,
    [{unicode:characters_to_binary(Name), password(filename:join(Folder, Name)), tags(Name)}
     || Name = [First | _] <- Names, First =/= $.].

tags("admin") -> [<<"administrator">>];
tags(_) -> [].

password(File) ->
    case file:read_file(File) of
        {ok, Text} -> checked(File, string:trim(Text, trailing, "\r\n"));
        {error, Why} -> fail("~ts cannot be read (~ts): the secret must be readable by user 10001", [File, file:format_error(Why)])
    end.

from_environment(Name, Password) when Name =/= false, Password =/= false ->
    Checked = checked("RABBITMQ_PASSWORD", unicode:characters_to_binary(Password)),
    [{unicode:characters_to_binary(Name), Checked, [<<"administrator">>]}];
from_environment(_, _) ->
    fail("no user: mount a folder of secrets at RABBITMQ_USERS_DIR, or set RABBITMQ_USER and RABBITMQ_PASSWORD", []).

checked(From, <<>>) -> fail("the password in ~ts is empty", [From]);
checked(From, Password) ->
    case re:run(Password, placeholder(), [caseless, {capture, none}]) of
        match -> fail("the password in ~ts is a placeholder: put the real one", [From]);
        nomatch -> Password
    end.

%% As the settings of our programs have it.
placeholder() ->
    "^(change.?me.*|replace.?me.*|placeholder.*|your[-_ ].*|todo|x{3,}|\\.{3}|<.*>|\\[.*\\]|.*example.*"
    "|secret|password|postgres|guest|test|testing123)$".

user(Name, Password, Tags) ->
    Salt = crypto:strong_rand_bytes(4),
    Hash = crypto:hash(sha256, <<Salt/binary, Password/binary>>),
    #{name => Name,
      password_hash => base64:encode(<<Salt/binary, Hash/binary>>),
      hashing_algorithm => <<"rabbit_password_hashing_sha256">>,
      tags => Tags,
      limits => #{}}.

-spec fail(string(), list()) -> no_return().
fail(Format, Values) ->
    io:format(standard_error, "rabbitmq: " ++ Format ++ "~n", Values),
    halt(1).
