# Lets Redis's own test suite run against a server that it did not start, where its external mode alone would give up.
# The script `run` starts this file in place of the suite's tests/test_helper.tcl, inside a copy of Redis's tree;
# nothing of that copy is changed. Two things are different from what the suite does by itself:
#
#  1. What a unit prepares outside of a test (it fills a list, forgets all functions, sets a parameter) ends the whole
#     unit if the server refuses it. Here a refusal of what does not exist is printed as [unprepared] and passed over.
#     A test that needed it fails, and has its line in the list of what is skipped. Inside of tests one thing is passed
#     over: the subscription by which RESP2 clients get invalidations. Many tests make it that use RESP3 afterwards.
#  2. With SUITE_OWNS_SERVER=1, tests run that the suite keeps from servers of other people: they set a password or the
#     number of clients, and count all that happens. The script's nodes are there for nothing else.

rename source source_file
set adapter [file normalize [info script]]

# source is how the suite reads its parts; each is adapted as soon as it is there.
proc source {path} {
    uplevel 1 [list source_file $path]
    switch $path {
        tests/support/redis.tcl {adapt_clients}
        tests/support/server.tcl {adapt_tags}
        tests/support/util.tcl {
            # The suite starts itself once more, by the name of its script, as the process that runs the tests.
            info script $::adapter
        }
    }
}

proc adapt_clients {} {
    rename ::redis::__dispatch__ ::redis::dispatch_unadapted
    proc ::redis::__dispatch__ {id method args} {
        set code [catch {uplevel 1 [list ::redis::dispatch_unadapted $id $method {*}$args]} result options]
        if {$code == 1 && [absent $result $::cur_test]} {
            puts "\[unprepared\]: $method $args: $result"
            return ""
        }
        return -options $options $result
    }
}

# absent tells the errors by which a server says that it has no such thing, and that are passed over at this place.
proc absent {error test} {
    set patterns {"ERR unknown command 'subscribe', with args beginning with: '__redis__:invalidate*"}
    if {$test eq ""} {
        lappend patterns "ERR unknown command*" "ERR unknown subcommand*" \
            "ERR Unknown option or number of arguments for CONFIG SET*" \
            "ERR CONFIG SET failed*this node has no other value for it"
    }
    foreach pattern $patterns {
        if {[string match -nocase $pattern $error]} {return 1}
    }
    return 0
}

proc adapt_tags {} {
    if {![info exists ::env(SUITE_OWNS_SERVER)]} return
    rename tags_acceptable tags_acceptable_unadapted
    proc tags_acceptable {tags why_variable} {
        upvar $why_variable why
        return [tags_acceptable_unadapted [lsearch -all -inline -not -exact $tags external:skip] why]
    }
}

source tests/test_helper.tcl
