package suncotest

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/sunbulk/sunbulk/internal/lazyregexp"
	"github.com/sunbulk/sunbulk/sunco"
)

var phoneForm = lazyregexp.New(`^\+\d[\d ()-]*$`)

// parseCreate reads the body of a create as the API would; its errors are titles of a 400.
func parseCreate(body []byte) (sunco.ClientCreate, error) {
	var create sunco.ClientCreate
	if err := json.Unmarshal(body, &create); err != nil {
		return create, errors.New("Body is not a JSON object of the expected form")
	}
	for _, err := range []error{checkMatch(create.MatchCriteria), checkConfirmation(create.Confirmation)} {
		if err != nil {
			return create, err
		}
	}
	if create.Target.ConversationID == "" {
		return create, errors.New("target.conversationId is missing")
	}
	return create, nil
}

func checkMatch(m sunco.MatchCriteria) error {
	switch m.Type {
	case sunco.TypeMailgun:
		if !strings.Contains(m.Address, "@") {
			return errors.New("matchCriteria.address is missing or wrong")
		}
	case sunco.TypeMessageBird, sunco.TypeTwilio, sunco.TypeWhatsApp:
		if !phoneForm().MatchString(m.PhoneNumber) {
			return errors.New("matchCriteria.phoneNumber is missing or lacks + and country code")
		}
	default:
		return errors.New("matchCriteria.type is missing or unknown")
	}
	if m.IntegrationID == "" {
		return errors.New("matchCriteria.integrationId is missing")
	}
	return nil
}

func checkConfirmation(c sunco.Confirmation) error {
	if !slices.Contains([]string{sunco.ConfirmImmediate, sunco.ConfirmUserActivity, sunco.ConfirmPrompt}, c.Type) {
		return errors.New("confirmation.type is missing or unknown")
	}
	if len(c.Message) == 0 {
		if c.Type == sunco.ConfirmUserActivity {
			return errors.New("confirmation.message is missing")
		}
		return nil
	}
	var message struct {
		Author  map[string]any `json:"author"`
		Content struct {
			Type    string `json:"type"`
			Actions []struct {
				Type string `json:"type"`
			} `json:"actions"`
		} `json:"content"`
	}
	if json.Unmarshal(c.Message, &message) != nil || message.Author == nil {
		return errors.New("confirmation.message has no author")
	}
	if message.Content.Type != "text" && message.Content.Type != "image" {
		return errors.New("confirmation.message is neither text nor image")
	}
	for _, action := range message.Content.Actions {
		if action.Type != "link" {
			return errors.New("confirmation.message has an action that is no link")
		}
	}
	return nil
}

// failing tells whether a link to the phone number or address always fails.
func failing(target string) bool {
	name, _, _ := strings.Cut(target, "@")
	return strings.HasSuffix(name, "0000")
}
